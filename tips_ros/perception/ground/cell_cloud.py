# SPDX-License-Identifier: Apache-2.0
"""Clouds with a point for a cell."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import UNLABELLED
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE, Cloud
from tips_ros.perception.ground.cells import BoolArray, Cells, Float32Array, centres


def cell_points(cells: Cells, rgb: NDArray[np.uint8] | None = None) -> Cloud:
    """(h * w,) CLOUD_DTYPE: each cell where its ray is at a depth of a metre.

    Args:
        cells: of a frame.
        rgb: (H, W, 3) the picture, at the size that the cells were made of; black without.
    """
    shape = cells.shape
    colors = np.zeros(shape, np.uint32) if rgb is None else _pack_colors(rgb, cells)
    if cells.labels is None:
        labels = np.full(shape, UNLABELLED, np.uint32)
    else:
        labels = cells.labels.astype(np.uint32)
    if cells.normals is None:
        normals = [np.full(shape, np.nan, np.float32)] * 3
    else:
        normals = [cells.normals[..., axis] for axis in range(3)]
    floats = cv2.merge([
        cells.rays[..., 0], cells.rays[..., 1], np.ones(shape, np.float32),
        colors.view(np.float32), labels.view(np.float32), *normals,
    ])  # fmt: skip
    points: Cloud = np.asarray(floats).reshape(-1).view(CLOUD_DTYPE)
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
    picked = rgb[centres(cells.shape[0], cells.side), centres(cells.shape[1], cells.side)]
    packed = np.zeros((*cells.shape, 4), np.uint8)
    for axis in range(3):
        packed[..., 2 - axis] = picked[..., axis]
    return np.asarray(packed.view("<u4")[..., 0], np.uint32)
