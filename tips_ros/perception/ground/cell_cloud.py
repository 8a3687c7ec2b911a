# SPDX-License-Identifier: Apache-2.0
"""A cloud with a point for each of some cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import UNLABELLED
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE, Cloud
from tips_ros.perception.ground.cells import BoolArray, Cells, Float32Array


def cell_cloud(
    cells: Cells,
    which: BoolArray,
    rgb: NDArray[np.uint8] | None = None,
    inverse_depth: Float32Array | None = None,
) -> Cloud:
    """Points of some cells, in image order.

    Args:
        cells: of a frame.
        which: (h, w) the cells.
        rgb: (H, W, 3) the picture, at the size that the cells were made of; black without.
        inverse_depth: (h, w) another than the cells' own.

    Returns:
        (N,) CLOUD_DTYPE, in the optical frame.
    """
    at = np.flatnonzero(which)
    inverse = cells.inverse_depth if inverse_depth is None else inverse_depth
    floats = np.empty((at.size, 8), np.float32)
    with np.errstate(divide="ignore"):
        depth = 1 / inverse.ravel()[at]
    floats[:, :2] = cells.rays.reshape(-1, 2)[at] * depth[:, None]
    floats[:, 2] = depth
    bits = floats.view(np.uint32)
    bits[:, 3] = 0
    if rgb is not None:
        row, column = np.divmod(at, cells.shape[1])
        middle = cells.side // 2
        red, green, blue = rgb[row * cells.side + middle, column * cells.side + middle].T.astype(
            np.uint32
        )
        bits[:, 3] = red << 16 | green << 8 | blue
    bits[:, 4] = UNLABELLED if cells.labels is None else cells.labels.ravel()[at]
    floats[:, 5:] = np.nan if cells.normals is None else cells.normals.reshape(-1, 3)[at]
    cloud: Cloud = floats.reshape(-1).view(CLOUD_DTYPE)
    return cloud
