# SPDX-License-Identifier: Apache-2.0
"""Messages that hold truth → arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagError, BagMessage, BagReader
from tips_ros.evaluation.datasets import truth_png
from tips_ros.offline.truth_topics import Kind
from tips_ros.perception.images.encodings import (
    MalformedImage,
    UnsupportedEncoding,
    decode_depth,
)

_COMPRESSED_DEPTH = "compressedDepth"
_CONFIG_BYTES = 12  # what compressed_depth_image_transport puts before its PNG


def depth_of(message: Any) -> NDArray[np.float32]:
    """Image 32FC1 or 16UC1, or CompressedImage with a PNG of millimetres → (H, W) metres.

    Also takes what compressed_depth_image_transport makes of 16UC1.

    Raises:
        ValueError: nothing of that, or not whole.
    """
    if not hasattr(message, "format"):
        image = (message.encoding, message.height, message.width, message.step)
        return decode_depth(message.data, *image, bool(message.is_bigendian))
    data = bytes(message.data)
    if _COMPRESSED_DEPTH not in message.format:
        return truth_png.decode_depth(data)
    if "32FC1" in message.format or "rvl" in message.format:
        raise UnsupportedEncoding(
            f"compressed depth of format {message.format!r} is not read; record it as 16UC1, in png"
        )
    return truth_png.decode_depth(data[_CONFIG_BYTES:])


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


def decoded(
    reader: BagReader, message: BagMessage, decode: Callable[[Any], NDArray[Any]]
) -> NDArray[Any]:
    """What `decode` makes of a recorded message.

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
