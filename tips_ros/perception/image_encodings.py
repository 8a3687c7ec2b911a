# SPDX-License-Identifier: Apache-2.0
"""Camera bytes in, RGB pixels out: every image encoding that ROS camera drivers publish.

The words are those of `sensor_msgs`: an image is `height` rows of `step` bytes, of which the
first ones hold `width` pixels and the rest is padding. Colour results are `(H, W, 3)` uint8 in
RGB order. 16-bit samples are scaled by 255/65535 and rounded, YUV is BT.601 limited range.
Alpha is dropped, not blended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]


class UnsupportedEncoding(ValueError):
    """The encoding is not one that can become RGB; the message lists those that can."""


class MalformedImage(ValueError):
    """The bytes cannot be the image that the message's other fields describe."""


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
    data: Any, encoding: str, height: int, width: int, step: int, is_bigendian: bool = False
) -> RgbImage:
    """Turn the fields of a sensor_msgs/Image into RGB.

    Args:
        data: the message's bytes: bytes, memoryview, array.array('B') or uint8 ndarray.
        encoding: the message's encoding, one of `SUPPORTED_ENCODINGS`. 8UC3 and 8UC4 are read in
            OpenCV's channel order, BGR and BGRA.
        height: rows.
        width: columns.
        step: bytes from one row to the next; for nv12, nv21 and nv24 that of the luma plane.
        is_bigendian: byte order of 16-bit samples.

    Returns:
        (H, W, 3) uint8 RGB. For rgb8 a read-only view of `data`, nothing is copied (rows keep
        their padding as stride); anything else is a new contiguous array.

    Raises:
        UnsupportedEncoding: no conversion to RGB is known here.
        MalformedImage: sizes, step and data do not fit together.
    """
    if (planes := _PLANAR.get(encoding)) is not None:
        return planes(data, encoding, height, width, step)
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
    samples = _rows(data, encoding, height, width, step, layout, is_bigendian)
    if samples.dtype != np.uint8:
        samples = cv2.convertScaleAbs(samples, alpha=255 / 65535)
    return samples if layout.to_rgb is None else _rgb(cv2.cvtColor(samples, layout.to_rgb))


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
    depth_m = _rows(data, encoding, height, width, step, layout, is_bigendian).astype(np.float32)
    if encoding != "32FC1":
        depth_m *= np.float32(0.001)
    with np.errstate(invalid="ignore"):  # signalling NaNs from the wire
        depth_m[~(np.isfinite(depth_m) & (depth_m > 0))] = np.nan
    return depth_m


def decode_compressed(data: Any, format: str) -> RgbImage:
    """Turn the fields of a sensor_msgs/CompressedImage into RGB.

    The picture file itself tells JPEG from PNG, so drivers that leave `format` empty work.
    Orientation tags are ignored: CameraInfo describes the sensor's own rows and columns.

    Args:
        data: the message's bytes, a whole JPEG or PNG file (8 or 16 bit, grey, alpha, palette).
        format: the message's format, such as `jpeg` or `rgb8; jpeg compressed bgr8`.

    Returns:
        (H, W, 3) uint8 RGB, a new contiguous array.

    Raises:
        MalformedImage: not a readable picture, or one that is not a colour image.
    """
    if "compressedDepth" in format:
        raise MalformedImage(
            f"compressed image format {format!r} is a depth image; "
            f"subscribe to the camera's colour image"
        )
    encoded = _bytes(data)
    if encoded.size == 0:
        raise MalformedImage("compressed image without data; check the camera driver")
    is_jpeg = bytes(encoded[:2]) == b"\xff\xd8"
    if is_jpeg and encoded.tobytes().rfind(b"\xff\xd9") < 0:
        # OpenCV would fill what is missing with grey and call it a picture.
        raise MalformedImage("JPEG image ends too early; check the link to the camera")
    # compressed_image_transport keeps the mosaic of a Bayer camera: a grey file with a Bayer name.
    mosaic = format.split(";")[0].strip() if format.startswith("bayer_") else ""
    mode = cv2.IMREAD_COLOR if not mosaic or "bgr" in format else cv2.IMREAD_GRAYSCALE
    try:
        picture = cv2.imdecode(encoded, mode | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        picture = None
    if picture is None:
        raise MalformedImage(
            f"compressed image of format {format!r} ({encoded.size} bytes) cannot be read; "
            f"publish a JPEG or PNG"
        )
    if mode == cv2.IMREAD_COLOR:
        return _rgb(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=picture))
    height, width = picture.shape
    return decode_image(picture, mosaic.replace("16", "8"), height, width, width)


def decode_message(message: Any) -> RgbImage:
    """Turn a sensor_msgs Image or CompressedImage, of rclpy or of rosbags, into (H, W, 3) RGB.

    Raises what `decode_image` and `decode_compressed` raise.
    """
    if hasattr(message, "format"):
        return decode_compressed(message.data, message.format)
    return decode_image(
        message.data,
        message.encoding,
        message.height,
        message.width,
        message.step,
        bool(message.is_bigendian),
    )


def _bytes(data: Any) -> NDArray[np.uint8]:
    """View any byte buffer as (N,) uint8 without a copy."""
    view = memoryview(data)
    if view.nbytes == 0:
        return np.empty(0, np.uint8)
    if not view.contiguous:
        raise MalformedImage("image data with gaps; pass a contiguous buffer")
    # A view that can be written to would let a decoded picture change the message it came from.
    return np.frombuffer(view.cast("B").toreadonly(), np.uint8)


def _rows(
    data: Any,
    encoding: str,
    height: int,
    width: int,
    step: int,
    layout: _Packed,
    is_bigendian: bool,
) -> NDArray[Any]:
    """View the samples as (H, W) or (H, W, C), past the padding, in native byte order."""
    dtype = np.dtype(layout.dtype)
    row_bytes = width * layout.channels * dtype.itemsize
    rows = _plane(_bytes(data), encoding, height, row_bytes, step, width)
    if dtype.itemsize > 1:
        # OpenCV misreads rows that start between two samples, so such a step costs a copy.
        samples = rows.view(dtype.newbyteorder(">" if is_bigendian else "<"))
        rows = np.require(samples, dtype, ["ALIGNED"])
    return rows if layout.channels == 1 else rows.reshape(height, width, layout.channels)


def _plane(
    flat: NDArray[np.uint8], encoding: str, rows: int, row_bytes: int, step: int, width: int
) -> NDArray[np.uint8]:
    """View (N,) bytes as (rows, row_bytes), or say which of the sizes is wrong."""
    if rows <= 0 or row_bytes <= 0:
        raise MalformedImage(f"{encoding} image without pixels; fix width and height in the driver")
    if step < row_bytes:
        raise MalformedImage(
            f"{encoding} image with step {step}, but {width} pixels take {row_bytes} bytes; "
            f"fix step or encoding in the driver"
        )
    if flat.size < step * rows:
        raise MalformedImage(
            f"{encoding} image with {flat.size} bytes of data, but {rows} rows of step {step} "
            f"take {step * rows}; fix height, step or encoding in the driver"
        )
    return flat[: step * rows].reshape(rows, step)[:, :row_bytes]


def _nv12(data: Any, encoding: str, height: int, width: int, step: int) -> RgbImage:
    """Y plane, then half as many rows of chroma pairs, each for 2x2 pixels."""
    if height % 2 or width % 2:
        raise MalformedImage(
            f"{encoding} image of {width}x{height} pixels; publish an even width and height"
        )
    planes = _plane(_bytes(data), encoding, height * 3 // 2, width, step, width)
    code = cv2.COLOR_YUV2RGB_NV12 if encoding == "nv12" else cv2.COLOR_YUV2RGB_NV21
    return _rgb(cv2.cvtColor(planes, code))


def _nv24(data: Any, encoding: str, height: int, width: int, step: int) -> RgbImage:
    """Y plane, then a plane of chroma pairs of twice the step, one for each pixel."""
    flat = _bytes(data)
    luma = _plane(flat, encoding, 3 * height, width, step, width)[:height]
    chroma = _plane(flat[step * height :], encoding, height, 2 * width, 2 * step, width)
    yuv = np.empty((height, width, 3), np.uint8)
    np.maximum(luma, 16, out=yuv[..., 0])
    yuv[..., 1:] = chroma.reshape(height, width, 2)
    return _rgb(cv2.transform(yuv, _BT601))


def _rgb(pixels: Any) -> RgbImage:
    """Narrow OpenCV's loose return type."""
    return np.asarray(pixels, dtype=np.uint8)


_PLANAR: dict[str, Callable[[Any, str, int, int, int], RgbImage]] = {
    "nv12": _nv12,
    "nv21": _nv12,
    "nv24": _nv24,
}
# R, G, B from (Y, U, V, 1): ITU-R BT.601 with Y in 16..235, U and V around 128.
_BT601 = np.array(
    [
        [1.164383, 0.0, 1.596027, -222.921584],
        [1.164383, -0.391762, -0.812968, 135.575312],
        [1.164383, 2.017232, 0.0, -276.835824],
    ],
    np.float32,
)
SUPPORTED_ENCODINGS = (*_PACKED, *_PLANAR)
