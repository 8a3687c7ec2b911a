# SPDX-License-Identifier: Apache-2.0
"""Messages that hold truth → arrays."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagError, BagMessage, BagReader
from tips_ros.evaluation.datasets import truth_png
from tips_ros.offline.truth.truth_topics import Kind
from tips_ros.perception.images.encodings import (
    MalformedImage,
    UnsupportedEncoding,
    decode_depth,
)

_COMPRESSED_DEPTH = "compressedDepth"
_CONFIG_BYTES = 12  # what compressed_depth_image_transport puts before its PNG: an enum, two floats
_JPEG_MAGIC = b"\xff\xd8\xff"


def depth_of(message: Any) -> NDArray[np.float32]:
    """Image 32FC1 or 16UC1, or CompressedImage with a PNG of millimetres → (H, W) metres.

    Also takes the PNG that compressed_depth_image_transport makes of 16UC1 and of 32FC1.

    Raises:
        ValueError: nothing of that, or not whole.
    """
    if not hasattr(message, "format"):
        image = (message.encoding, message.height, message.width, message.step)
        return decode_depth(message.data, *image, bool(message.is_bigendian))
    data = bytes(message.data)
    if _COMPRESSED_DEPTH not in message.format:
        if data.startswith(_JPEG_MAGIC):
            raise UnsupportedEncoding(
                f"depth as a JPEG ({message.format!r}) has lost its distances; record the topic "
                "itself, or …/compressedDepth"
            )
        return truth_png.decode_depth_png(data)
    if "rvl" in message.format:
        raise UnsupportedEncoding(
            f"compressed depth of format {message.format!r} is not read; record it in png"
        )
    if "32FC1" in message.format:
        return _inverse_depth(data)
    return truth_png.decode_depth_png(data[_CONFIG_BYTES:])


def _inverse_depth(data: bytes) -> NDArray[np.float32]:
    """compressed_depth_image_transport's 32FC1: steps of 1/metres as two of its numbers scale them.

    steps = a / metres + b, and 0 where nothing was measured.
    """
    if len(data) < _CONFIG_BYTES:
        raise MalformedImage("compressed depth without its head")
    a, b = struct.unpack_from("<ff", data, 4)
    steps = truth_png.decode_depth_png(data[_CONFIG_BYTES:], unit_m=1.0)
    if not (np.isfinite([a, b]).all() and a > 0):
        raise MalformedImage(f"compressed depth is scaled by {a} and {b}: these can't be right")
    with np.errstate(divide="ignore", invalid="ignore"):
        depth_m = (a / (steps - np.float32(b))).astype(np.float32)
    depth_m[~(depth_m > 0) | ~np.isfinite(depth_m)] = np.nan
    return depth_m


def normals_of(message: Any) -> NDArray[np.float32]:
    """Image 32FC3, or CompressedImage with an RGB PNG → (H, W, 3), NaN where invalid.

    Raises:
        ValueError: neither, or not whole.
    """
    if hasattr(message, "format"):
        return truth_png.decode_normals(bytes(message.data))
    byte_order = ">" if message.is_bigendian else "<"
    normals = _pixels(message, ("32FC3",), np.dtype(f"{byte_order}f4"), 3).astype(np.float32)
    length = np.linalg.norm(normals, axis=2)
    with np.errstate(invalid="ignore"):
        normals[~(np.abs(length - 1) < 0.1)] = np.nan  # zeros, too, are how some say "unknown"
    return normals


def labels_of(message: Any) -> NDArray[np.uint8]:
    """Image mono8, or CompressedImage with a grey PNG → (H, W) ids.

    Raises:
        ValueError: neither, or not whole.
    """
    if hasattr(message, "format"):
        return truth_png.decode_labels(bytes(message.data))
    return _pixels(message, ("mono8", "8UC1"), np.dtype(np.uint8), 1)[..., 0]


DECODER_OF: dict[Kind, Callable[[Any], NDArray[Any]]] = {
    "depth": depth_of,
    "normals": normals_of,
    "labels": labels_of,
}


def decode_truth(
    reader: BagReader, message: BagMessage, decode: Callable[[Any], NDArray[Any]]
) -> NDArray[Any]:
    """Deserialises a recorded message and decodes it by `decode`.

    Raises:
        BagError: it cannot be read, or `decode` raised a ValueError.
    """
    try:
        return decode(reader.deserialize(message))
    except BagError:
        raise
    except ValueError as error:
        raise BagError(
            f"{reader.path}: {message.topic} at {message.stamp_ns} ns: {error}"
        ) from error


def _pixels(
    message: Any, encodings: tuple[str, ...], dtype: np.dtype[Any], channels: int
) -> NDArray[Any]:
    """(H, W, channels) of an Image, past the padding of its rows."""
    if message.encoding not in encodings:
        raise UnsupportedEncoding(
            f"image encoding {message.encoding!r} must be {' or '.join(encodings)}"
        )
    height, width, step = message.height, message.width, message.step
    row = width * channels * dtype.itemsize
    data = np.frombuffer(message.data, np.uint8)
    if not row or step < row or data.size < height * step:
        raise MalformedImage(
            f"{message.encoding} image of {width}x{height} with step {step} and {data.size} bytes "
            "of data: these do not fit together"
        )
    rows = np.ascontiguousarray(data[: height * step].reshape(height, step)[:, :row])
    return rows.view(dtype).reshape(height, width, channels)
