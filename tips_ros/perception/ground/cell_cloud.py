# SPDX-License-Identifier: Apache-2.0
"""A point for each cell, of which clouds are picked."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import UNLABELLED
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE, Cloud
from tips_ros.perception.ground.cells import BoolArray, Cells, Float32Array


def cell_points(cells: Cells, rgb: NDArray[np.uint8] | None = None) -> Cloud:
    """(h * w,) CLOUD_DTYPE: each cell where its ray is at a depth of a metre.

    Args:
        cells: of a frame.
        rgb: (H, W, 3) the picture, at the size that the cells were made of; black without.
    """
    floats = np.empty((*cells.shape, 8), np.float32)
    # Column by column: numpy is slow at many short rows.
    for axis in range(2):
        floats[..., axis] = cells.rays[..., axis]
    floats[..., 2] = 1.0
    bits = floats.view(np.uint32)
    bits[..., 3] = 0 if rgb is None else _pack_colors(rgb, cells)
    bits[..., 4] = UNLABELLED if cells.labels is None else cells.labels
    for axis in range(3):
        floats[..., 5 + axis] = np.nan if cells.normals is None else cells.normals[..., axis]
    points: Cloud = floats.reshape(-1).view(CLOUD_DTYPE)
    return points


def pick(points: Cloud, which: BoolArray, inverse_depth: Float32Array) -> Cloud:
    """Points of some cells where they are, in image order.

    Args:
        points: of all cells, as `cell_points` makes them.
        which: (h, w) the cells.
        inverse_depth: (h, w) how far each is, 1 / metres.

    Returns:
        (N,) CLOUD_DTYPE, in the optical frame.
    """
    at = np.flatnonzero(which)
    picked = points.take(at)
    with np.errstate(divide="ignore"):
        depth = 1 / inverse_depth.ravel().take(at)
    for axis in "xyz":
        picked[axis] *= depth
    return picked


def _pack_colors(rgb: NDArray[np.uint8], cells: Cells) -> NDArray[np.uint32]:
    """(h, w) 0x00RRGGBB of the cells' middles."""
    (height, width), side = cells.shape, cells.side
    middles = slice(side // 2, None, side)
    picked = np.ascontiguousarray(rgb[middles, middles][:height, :width])
    bytes_ = np.asarray(cv2.cvtColor(picked, cv2.COLOR_RGB2BGRA), np.uint8)
    return np.asarray(bytes_.view("<u4")[..., 0] & 0x00FFFFFF, np.uint32)
