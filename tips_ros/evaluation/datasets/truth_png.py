# SPDX-License-Identifier: Apache-2.0
"""Depth, normals and labels as PNG files, without loss that a metric could see.

Convention:
    * depth: 16-bit grey, metres along z divided by a unit; 0 is invalid.
    * normals: 16-bit RGB, R G B = x y z of the optical frame, (n + 1) / 2 * 65535, rounded; black
      is invalid. In 8-bit files, (n + 1) / 2 * 255, they are a quarter of a degree off.
    * labels: 8-bit grey, the ids themselves; 255 is nobody's.
"""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

MILLIMETRE = 0.001  # the unit of depth images in ROS and of most RGB-D datasets, metres
QUARTER_MILLIMETRE = 0.00025  # the finest round unit in which a room fits: up to 16.38 m

_MOST = 65535
_COMPRESSION = [cv2.IMWRITE_PNG_COMPRESSION, 6]  # OpenCV's own choice is quick and twice as large


def encode_depth(depth_m: NDArray[np.float32], unit_m: float = MILLIMETRE) -> bytes:
    """(H, W) metres → a PNG; what is invalid, too near or too far for the unit becomes 0."""
    with np.errstate(invalid="ignore"):
        steps = np.round(depth_m.astype(np.float64) / unit_m)
        holds = (steps >= 1) & (steps <= _MOST)
    return _png(np.where(holds, steps, 0).astype(np.uint16))


def decode_depth_png(data: bytes, unit_m: float = MILLIMETRE) -> NDArray[np.float32]:
    """A PNG → (H, W) float32 metres, NaN where invalid. ValueError: not a 16-bit grey picture."""
    steps = _picture(data)
    if steps.dtype != np.uint16 or steps.ndim != 2:
        raise ValueError(f"depth must be a 16-bit grey PNG, but this is {_describe(steps)}")
    depth_m = (steps * unit_m).astype(np.float32)
    depth_m[steps == 0] = np.nan
    return depth_m


def encode_normals(normals: NDArray[np.float32], bits: Literal[8, 16] = 16) -> bytes:
    """(H, W, 3) unit vectors → a PNG; what is not finite becomes black."""
    kind = np.uint8 if bits == 8 else np.uint16
    most = np.iinfo(kind).max
    known = np.isfinite(normals).all(axis=2, keepdims=True)
    steps = np.round((np.where(known, normals, 0.0) + 1) / 2 * most)
    return _png(np.where(known, steps, 0).clip(0, most).astype(kind)[..., ::-1])


def decode_normals(data: bytes) -> NDArray[np.float32]:
    """A PNG → (H, W, 3) float32 unit vectors, NaN where invalid. ValueError: not RGB."""
    bgr = _picture(data)
    if bgr.ndim != 3 or bgr.shape[2] != 3 or bgr.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"normals must be a 16- or 8-bit RGB PNG, but this is {_describe(bgr)}")
    steps = bgr[..., ::-1].astype(np.float32)
    normals = steps * np.float32(2 / np.iinfo(bgr.dtype).max) - 1
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    normals[(bgr == 0).all(axis=2)] = np.nan
    return normals


def encode_labels(labels: NDArray[np.uint8]) -> bytes:
    """(H, W) ids → a PNG."""
    return _png(labels)


def decode_labels(data: bytes) -> NDArray[np.uint8]:
    """A PNG → (H, W) uint8 ids. ValueError: not an 8-bit grey picture."""
    labels = _picture(data)
    if labels.dtype != np.uint8 or labels.ndim != 2:
        raise ValueError(
            f"labels must be an 8-bit grey PNG of ids, but this is {_describe(labels)}"
        )
    return labels


def decode_colours(data: bytes) -> NDArray[np.uint8]:
    """A picture file of 8 bits → (H, W) where it is grey, (H, W, 3) RGB otherwise.

    A palette is applied: OpenCV does not tell a palette's indices.
    """
    picture = _picture(data)
    if picture.dtype != np.uint8 or (picture.ndim == 3 and picture.shape[2] != 3):
        raise ValueError(f"labels must be an 8-bit PNG, but this is {_describe(picture)}")
    return picture if picture.ndim == 2 else picture[..., ::-1]


def _png(pixels: NDArray[Any]) -> bytes:
    written, data = cv2.imencode(".png", pixels, _COMPRESSION)
    assert written
    return bytes(data)


def _picture(data: bytes) -> NDArray[Any]:
    """Reads the picture by OpenCV, with its own bit depth and channels (BGR)."""
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # no bytes at all
        picture = None
    if picture is None:
        raise ValueError("not a whole picture that OpenCV reads")
    return np.asarray(picture)


def _describe(picture: NDArray[Any]) -> str:
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    return f"{8 * picture.itemsize}-bit with {channels} channel{'s' * (channels > 1)}"
