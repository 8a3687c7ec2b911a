# SPDX-License-Identifier: Apache-2.0
"""A cloud as another coordinate frame has it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE, Cloud


def move_cloud(points: Cloud, transform: NDArray[Any]) -> Cloud:
    """Points and normals in another frame; colours and labels as they are.

    Args:
        points: (N,) structured array, CLOUD_DTYPE, metres. It stays as it is.
        transform: (4, 4) rigid, ``p_target = transform @ (p, 1)``. Normals are turned only.

    Returns:
        (N,) structured array, CLOUD_DTYPE.

    Raises:
        ValueError: not (4, 4).
    """
    matrix = np.asarray(transform, np.float64)
    if matrix.shape != (4, 4):
        raise ValueError(f"a transform is (4, 4), got {matrix.shape}")
    floats = np.ascontiguousarray(points).view(np.float32).reshape(-1, 8).copy()
    rotation = matrix[:3, :3].T
    # In double precision: a map's origin may be kilometres away.
    floats[:, :3] = floats[:, :3].astype(np.float64) @ rotation + matrix[:3, 3]
    floats[:, 5:] = floats[:, 5:] @ rotation.astype(np.float32)
    result: Cloud = floats.reshape(-1).view(CLOUD_DTYPE)
    return result
