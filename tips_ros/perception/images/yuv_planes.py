# SPDX-License-Identifier: Apache-2.0
"""YUV images whose luma and chroma lie in planes of their own, BT.601 limited range → RGB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.images.rows import MalformedImage, row_step, view_rows
from tips_ros.perception.images.stream import ImageStream

# R, G, B from (Y, U, V, 1): ITU-R BT.601 with Y in 16..235, U and V around 128.
_BT601 = np.array(
    [
        [1.164383, 0.0, 1.596027, -222.921584],
        [1.164383, -0.391762, -0.812968, 135.575312],
        [1.164383, 2.017232, 0.0, -276.835824],
    ],
    np.float32,
)


def nv12_or_nv21(
    flat: NDArray[np.uint8], encoding: str, height: int, width: int, step: int, stream: ImageStream
) -> NDArray[np.uint8]:
    """Y plane, then half as many rows of chroma pairs, each for 2x2 pixels; as `decode_image`."""
    if height % 2 or width % 2:
        raise MalformedImage(
            f"{encoding} image of {width}x{height} pixels; publish an even width and height"
        )
    rows = height * 3 // 2
    if step == 2 * width and flat.size == step * height:
        # Allocated as two channels of a byte, as sensor_msgs counts them; a quarter lies idle.
        flat = flat[: rows * width]
    planes = view_rows(flat, encoding, rows, width, step, width, stream)
    code = cv2.COLOR_YUV2RGB_NV12 if encoding == "nv12" else cv2.COLOR_YUV2RGB_NV21
    return _bytes(cv2.cvtColor(planes, code))


def nv24(
    flat: NDArray[np.uint8], encoding: str, height: int, width: int, step: int, stream: ImageStream
) -> NDArray[np.uint8]:
    """Y plane, then a plane of chroma pairs of twice the step, one for each pixel."""
    step = row_step(flat, encoding, 3 * height, width, step, width, stream)
    luma = view_rows(flat, encoding, height, width, step, width, stream)
    pairs = view_rows(flat[step * height :], encoding, height, 2 * width, 2 * step, width, stream)
    yuv = np.empty((height, width, 3), np.uint8)
    np.maximum(luma, 16, out=yuv[..., 0])
    yuv[..., 1:] = pairs.reshape(height, width, 2)
    return _bytes(cv2.transform(yuv, _BT601))


def _bytes(pixels: Any) -> NDArray[np.uint8]:
    return np.asarray(pixels, np.uint8)


Planar = Callable[[NDArray[np.uint8], str, int, int, int, ImageStream], NDArray[np.uint8]]
PLANAR: dict[str, Planar] = {"nv12": nv12_or_nv21, "nv21": nv12_or_nv21, "nv24": nv24}
