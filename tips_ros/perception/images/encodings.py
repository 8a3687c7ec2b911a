# SPDX-License-Identifier: Apache-2.0
"""Camera bytes in, RGB pixels out: every image encoding that ROS camera drivers publish.

The words are those of `sensor_msgs`: an image is `height` rows of `step` bytes, of which the
first ones hold `width` pixels and the rest is padding. Colour results are `(H, W, 3)` uint8 in
RGB order. 16-bit samples are scaled by the bits that they use, see `stream`; YUV is BT.601
limited range. Alpha is dropped, not blended.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.images.rows import MalformedImage, bytes_of, view_rows
from tips_ros.perception.images.stream import ImageStream, as_bytes
from tips_ros.perception.images.yuv_planes import PLANAR

__all__ = [
    "SUPPORTED_ENCODINGS",
    "MalformedImage",
    "RgbImage",
    "UnsupportedEncoding",
    "decode_depth",
    "decode_image",
    "decode_mosaic",
]

RgbImage = NDArray[np.uint8]


class UnsupportedEncoding(ValueError):
    """The encoding is not one that can become RGB; the message lists those that can."""


class _Packed(NamedTuple):
    """One plane of interleaved samples, and the OpenCV conversion that makes it RGB."""

    dtype: type[np.generic]
    channels: int
    to_rgb: int | None
    columns_per_group: int = 1
    smallest_side: int = 1


# OpenCV's classic Bayer names say the colours of the second row from its second column, ROS says
# those of the first row: bayer_rggb is OpenCV's BayerBG.
_BAYER = {
    "rggb": cv2.COLOR_BayerBG2RGB,
    "bggr": cv2.COLOR_BayerRG2RGB,
    "gbrg": cv2.COLOR_BayerGR2RGB,
    "grbg": cv2.COLOR_BayerGB2RGB,
}
_PACKED = {
    "rgb8": _Packed(np.uint8, 3, None),
    "bgr8": _Packed(np.uint8, 3, cv2.COLOR_BGR2RGB),
    "rgba8": _Packed(np.uint8, 4, cv2.COLOR_RGBA2RGB),
    "bgra8": _Packed(np.uint8, 4, cv2.COLOR_BGRA2RGB),
    "mono8": _Packed(np.uint8, 1, cv2.COLOR_GRAY2RGB),
    "rgb16": _Packed(np.uint16, 3, None),
    "bgr16": _Packed(np.uint16, 3, cv2.COLOR_BGR2RGB),
    "rgba16": _Packed(np.uint16, 4, cv2.COLOR_RGBA2RGB),
    "bgra16": _Packed(np.uint16, 4, cv2.COLOR_BGRA2RGB),
    "mono16": _Packed(np.uint16, 1, cv2.COLOR_GRAY2RGB),
    # The OpenCV type names say nothing of colour; who uses them has OpenCV's order in mind: BGR(A).
    "8UC1": _Packed(np.uint8, 1, cv2.COLOR_GRAY2RGB),
    "8UC3": _Packed(np.uint8, 3, cv2.COLOR_BGR2RGB),
    "8UC4": _Packed(np.uint8, 4, cv2.COLOR_BGRA2RGB),
    "16UC1": _Packed(np.uint16, 1, cv2.COLOR_GRAY2RGB),
    # yuv422 and yuv422_yuy2 are the names that sensor_msgs used before uyvy and yuyv.
    "uyvy": _Packed(np.uint8, 2, cv2.COLOR_YUV2RGB_UYVY, columns_per_group=2),
    "yuv422": _Packed(np.uint8, 2, cv2.COLOR_YUV2RGB_UYVY, columns_per_group=2),
    "yuyv": _Packed(np.uint8, 2, cv2.COLOR_YUV2RGB_YUY2, columns_per_group=2),
    "yuv422_yuy2": _Packed(np.uint8, 2, cv2.COLOR_YUV2RGB_YUY2, columns_per_group=2),
    # OpenCV paints a mosaic of fewer than three rows or columns black.
    **{f"bayer_{k}8": _Packed(np.uint8, 1, v, smallest_side=3) for k, v in _BAYER.items()},
    **{f"bayer_{k}16": _Packed(np.uint16, 1, v, smallest_side=3) for k, v in _BAYER.items()},
}


def decode_image(
    data: Any,
    encoding: str,
    height: int,
    width: int,
    step: int,
    is_bigendian: bool = False,
    stream: ImageStream | None = None,
) -> RgbImage:
    """Turn the fields of a sensor_msgs/Image into RGB.

    Args:
        data: the message's bytes: bytes, memoryview, array.array('B') or uint8 ndarray.
        encoding: the message's encoding, one of `SUPPORTED_ENCODINGS`, in upper or lower case.
            8UC3 and 8UC4 are read in OpenCV's channel order, BGR and BGRA.
        height: rows.
        width: columns.
        step: bytes from one row to the next; for nv12, nv21 and nv24 that of the luma plane. A
            wrong one is passed over where the data has exactly the bytes of the rows.
        is_bigendian: byte order of 16-bit samples.
        stream: what the images before this one have shown; None for a picture on its own.

    Returns:
        (H, W, 3) uint8 RGB. For rgb8 a read-only view of `data`, nothing is copied (rows keep
        their padding as stride); anything else is a new contiguous array.

    Raises:
        UnsupportedEncoding: no conversion to RGB is known here.
        MalformedImage: sizes, step and data do not fit together.
    """
    stream = stream or ImageStream()
    encoding = _SPELT.get(encoding.lower(), encoding)
    if (planes := PLANAR.get(encoding)) is not None:
        return planes(bytes_of(data), encoding, height, width, step, stream)
    if (layout := _PACKED.get(encoding)) is None:
        raise UnsupportedEncoding(
            f"image encoding {encoding!r} cannot be turned into RGB; "
            f"publish one of: {', '.join(SUPPORTED_ENCODINGS)}"
        )
    if min(height, width) < layout.smallest_side or width % layout.columns_per_group:
        raise MalformedImage(
            f"a {encoding} image of {width}x{height} pixels is not possible; "
            f"fix width and height in the driver"
        )
    samples = _samples(data, encoding, height, width, step, layout, is_bigendian, stream)
    if samples.dtype == np.uint16 and layout.channels == 4:
        assert layout.to_rgb is not None  # without alpha, which is no sample of the sensor's
        return as_bytes(np.asarray(cv2.cvtColor(samples, layout.to_rgb)), encoding, stream)
    if samples.dtype != np.uint8:
        samples = as_bytes(samples, encoding, stream)
    return samples if layout.to_rgb is None else _rgb(cv2.cvtColor(samples, layout.to_rgb))


def decode_mosaic(samples: NDArray[Any], pattern: str, stream: ImageStream) -> RgbImage:
    """Give the mosaic of a Bayer camera its colours.

    Args:
        samples: (H, W) uint8 or uint16, native byte order.
        pattern: the encoding, such as bayer_rggb8; its number of bits is that of the samples.
        stream: see `decode_image`.

    Raises:
        UnsupportedEncoding, MalformedImage: see `decode_image`.
    """
    encoding = f"{pattern.rstrip('0123456789')}{8 * samples.itemsize}"
    height, width = samples.shape
    rows = np.ascontiguousarray(samples, samples.dtype.newbyteorder("<"))
    return decode_image(rows, encoding, height, width, width * samples.itemsize, stream=stream)


def decode_depth(
    data: Any, encoding: str, height: int, width: int, step: int, is_bigendian: bool = False
) -> NDArray[np.float32]:
    """Turn the fields of a depth image (REP 118) into metres.

    Args:
        data: as for `decode_image`.
        encoding: 32FC1 (metres), 16UC1 or mono16 (millimetres).
        height, width, step, is_bigendian: as for `decode_image`.

    Returns:
        (H, W) float32, metres along z, a new array; NaN where zero, negative or not finite.

    Raises:
        UnsupportedEncoding: not a depth encoding.
        MalformedImage: sizes, step and data do not fit together.
    """
    if encoding not in ("32FC1", "16UC1", "mono16"):
        raise UnsupportedEncoding(
            f"image encoding {encoding!r} is not a depth image; publish 32FC1 (m) or 16UC1 (mm)"
        )
    layout = _Packed(np.float32 if encoding == "32FC1" else np.uint16, 1, None)
    stream = ImageStream()
    samples = _samples(data, encoding, height, width, step, layout, is_bigendian, stream)
    depth_m = samples.astype(np.float32)
    if encoding != "32FC1":
        depth_m *= np.float32(0.001)
    with np.errstate(invalid="ignore"):  # signalling NaNs from the wire
        depth_m[~(np.isfinite(depth_m) & (depth_m > 0))] = np.nan
    return depth_m


def _samples(
    data: Any,
    encoding: str,
    height: int,
    width: int,
    step: int,
    layout: _Packed,
    is_bigendian: bool,
    stream: ImageStream,
) -> NDArray[Any]:
    """View the samples as (H, W) or (H, W, C), past the padding, in native byte order."""
    dtype = np.dtype(layout.dtype)
    row_bytes = width * layout.channels * dtype.itemsize
    samples: NDArray[Any] = view_rows(
        bytes_of(data), encoding, height, row_bytes, step, width, stream
    )
    if dtype.itemsize > 1:
        # OpenCV misreads rows that start between two samples, so such a step costs a copy.
        samples = samples.view(dtype.newbyteorder(">" if is_bigendian else "<"))
        samples = np.require(samples, dtype, ["ALIGNED"])
    return samples if layout.channels == 1 else samples.reshape(height, width, layout.channels)


def _rgb(pixels: Any) -> RgbImage:
    """Narrow OpenCV's loose return type."""
    return np.asarray(pixels, dtype=np.uint8)


SUPPORTED_ENCODINGS = (*_PACKED, *PLANAR)
_SPELT = {encoding.lower(): encoding for encoding in SUPPORTED_ENCODINGS}
