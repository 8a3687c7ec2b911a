# SPDX-License-Identifier: Apache-2.0
"""Picture files, and the messages that hold one, → RGB pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.images.encodings import RgbImage, decode_mosaic
from tips_ros.perception.images.picture_header import JPEG, check_picture, measure_jpeg
from tips_ros.perception.images.rows import MalformedImage, bytes_of
from tips_ros.perception.images.stream import ImageStream, as_bytes

_FLOAT_WHITE = 1.0
_ROUNDED = 1.1  # what lossy compression makes of white


def decode_compressed(data: Any, format: str, stream: ImageStream | None = None) -> RgbImage:
    """Turn the fields of a sensor_msgs/CompressedImage into RGB.

    The picture file itself tells JPEG from PNG, so drivers that leave `format` empty work.
    Exif orientation is ignored: CameraInfo describes the sensor's own rows and columns.

    Args:
        data: the message's bytes, a whole JPEG or PNG file (8 or 16 bit, grey, alpha, palette),
            WebP, BMP, GIF, TIFF or PNM.
        format: the message's format, such as `jpeg` or `rgb8; jpeg compressed bgr8`.
        stream: what the images before this one have shown; None for a picture on its own.

    Returns:
        (H, W, 3) uint8 RGB, a new contiguous array.

    Raises:
        UnsupportedEncoding: a mosaic of a pattern that is not known.
        MalformedImage: not a readable picture, or one that is not a colour image.
    """
    stream = stream or ImageStream()
    if "compressedDepth" in format:
        raise MalformedImage(
            f"compressed image format {format!r} is a depth image; "
            f"subscribe to the camera's colour image"
        )
    encoded = bytes_of(data)
    if encoded.size == 0:
        raise MalformedImage("compressed image without data; check the camera driver")
    check_picture(encoded.tobytes(), format)
    return _decode(encoded, format, stream)


def decode_picture_file(data: bytes, stream: ImageStream | None = None) -> RgbImage:
    """Turns a picture file of one's own into RGB: of any kind that OpenCV reads, HDR and AVIF, too.

    Args, returns and errors are those of `decode_compressed`. Of the kinds whose size can be told
    before, one that is too large for OpenCV (2³⁰ pixels) is the first that is refused.
    """
    encoded = bytes_of(data)
    if encoded.size == 0:
        raise MalformedImage("picture without data; copy it again")
    if data.startswith(JPEG):
        try:
            measure_jpeg(data)
        except Exception as error:  # of several types
            raise MalformedImage("JPEG file ends too early or is damaged; copy it again") from error
    return _decode(encoded, "", stream or ImageStream())


def _decode(encoded: NDArray[np.uint8], format: str, stream: ImageStream) -> RgbImage:
    mosaic = _mosaic(format)
    picture = _read(encoded, cv2.IMREAD_ANYCOLOR if mosaic else cv2.IMREAD_COLOR)
    if picture is None:
        raise MalformedImage(
            f"compressed image of format {format!r} ({encoded.size} bytes) cannot be read; "
            f"publish a JPEG or PNG"
        )
    if mosaic and picture.ndim == 2 and picture.dtype in (np.uint8, np.uint16):
        return decode_mosaic(picture, mosaic, stream)
    if picture.dtype not in (np.uint8, np.uint16):
        picture = _float_as_bytes(picture)
    pixels = as_bytes(picture, f"{8 * picture.itemsize}-bit", stream)
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels), np.uint8)


def _mosaic(format: str) -> str:
    """The Bayer pattern that the pixels of the file have; empty where they have their colours.

    Of `bayer_rggb8; jpeg compressed mono8` the last word is what the transport made of the mosaic
    before it compressed it. Without such a word it is the mosaic itself.
    """
    camera, _, codec = format.partition(";")
    made = codec.partition("compressed")[2].strip(" ;")
    kept = made if made.startswith("bayer_") else "" if made else camera.strip().lower()
    return kept if kept.startswith("bayer_") else ""


def _read(encoded: NDArray[np.uint8], channels: int) -> NDArray[Any] | None:
    flags = channels | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        picture = cv2.imdecode(encoded, flags)
    except cv2.error:
        return None
    return None if picture is None else np.asarray(picture)


def _float_as_bytes(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """Floating samples from 0 to 1 as OpenCV has them → bytes, rounded."""
    if picture.dtype.kind != "f" or not np.nanmax(picture) <= _ROUNDED:
        raise MalformedImage(
            f"a picture of {picture.dtype} samples, which are not from 0 to 1; "
            "save it with 8 or 16 bits"
        )
    light = np.clip(np.nan_to_num(picture), 0.0, _FLOAT_WHITE)
    return np.asarray(np.rint(light * 255), np.uint8)
