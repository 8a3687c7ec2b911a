# SPDX-License-Identifier: Apache-2.0
"""Images and CameraInfos, good ones and such as no camera should send."""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

_BYTES = {"rgb8": 3, "bgr8": 3, "mono8": 1, "bgra8": 4, "rgba8": 4, "bayer_rggb8": 1}
ENCODINGS = tuple(_BYTES)
SIZES = ((64, 48), (64, 48), (96, 72), (48, 64), (160, 120), (16, 16))  # width, height


@lru_cache
def _pixels(width: int, height: int, channels: int) -> np.ndarray:
    v, u = np.mgrid[0:height, 0:width]
    planes = [u * 4 % 256, v * 5 % 256, (u // 8 + v // 8) % 2 * 255, u * 0 + 255][:channels]
    return np.stack(planes, -1).astype(np.uint8)


def image(header: Any, size: tuple[int, int], encoding: str) -> Image:
    """A picture of edges and colours."""
    width, height = size
    message = Image(header=header, width=width, height=height, encoding=encoding)
    message.step = width * _BYTES[encoding]
    message.data.frombytes(_pixels(width, height, _BYTES[encoding]).tobytes())
    return message


def compressed(header: Any, size: tuple[int, int]) -> CompressedImage:
    """The same as JPEG."""
    message = CompressedImage(header=header, format="rgb8; jpeg compressed bgr8")
    message.data.frombytes(cv2.imencode(".jpg", _pixels(*size, 3))[1].tobytes())
    return message


def camera_info(header: Any, size: tuple[int, int]) -> CameraInfo:
    """CameraInfo of a camera without distortion, 65 degrees wide."""
    width, height = size
    f, cx, cy = 50.0 * width / 64, (width - 1) / 2, (height - 1) / 2
    return CameraInfo(
        header=header,
        width=width,
        height=height,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=[f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def bad_image(header: Any, rng: random.Random) -> tuple[str, Image]:
    """An image that contradicts itself, and what is wrong with it."""
    message = image(header, (64, 48), "rgb8")
    kinds = ("wrong step", "no step", "unknown encoding", "no encoding", "zero size", "cut data")
    kind = rng.choice((*kinds, "no data", "huge size", "odd encoding"))
    if kind in ("wrong step", "no step"):
        message.step = 5 if kind == "wrong step" else 0
    elif kind in ("unknown encoding", "no encoding"):
        message.encoding = "rgb9" if kind == "unknown encoding" else ""
    elif kind == "odd encoding":
        message.encoding = rng.choice(("64FC4", "32FC1", "16UC1", "8UC", "nv12", "TYPE_\U0001f600"))
    elif kind == "zero size":
        message.width = message.height = 0
    elif kind == "huge size":
        message.width = message.height = 2**32 - 1
    else:
        del message.data[(0 if kind == "no data" else 100) :]
    return kind, message


def bad_compressed(header: Any, rng: random.Random) -> tuple[str, CompressedImage]:
    """A compressed image that is none, and what is wrong with it."""
    message = compressed(header, (64, 48))
    kind = rng.choice(("cut", "noise", "empty", "of no format"))
    if kind == "cut":
        del message.data[len(message.data) // 2 :]
    elif kind == "noise":
        del message.data[:]
        message.data.frombytes(rng.randbytes(500))
    elif kind == "empty":
        del message.data[:]
    else:
        message.format = "h265"
    return kind, message


def bad_camera_info(header: Any, rng: random.Random) -> tuple[str, CameraInfo]:
    """A CameraInfo that no camera has, and what is wrong with it."""
    message = camera_info(header, (64, 48))
    kind = rng.choice(("NaN", "zeros", "another size", "no lens", "many coefficients", "infinite"))
    if kind == "NaN":
        message.k = [math.nan] * 9
    elif kind == "zeros":
        message.k, message.p = [0.0] * 9, [0.0] * 12
    elif kind == "another size":
        message.width, message.height = 17, 4000
    elif kind == "no lens":
        message.distortion_model, message.d = "", []
    elif kind == "many coefficients":
        message.d = [1e30] * 300
    else:
        message.d, message.p = [math.inf] * 5, [math.inf] * 12
    return kind, message
