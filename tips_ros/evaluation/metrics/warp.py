# SPDX-License-Identifier: Apache-2.0
"""Correspondences between two frames: pixels that saw the same point of the world."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.sample import Sample
from tips_ros.perception.camera.camera_info import Intrinsics

Pixels: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp]]  # rows and columns, each (N,)

_SAME_POINT = 0.05  # relative difference of true depths; a slanted floor changes that within a px


class SamePoints(NamedTuple):
    """Pixels of two frames that saw, one by one, the same N points of the world.

    Attributes:
        now: in the later frame.
        before: in the earlier frame, to the nearest pixel.
    """

    now: Pixels
    before: Pixels


def same_points(before: Sample, now: Sample) -> SamePoints | None:
    """Follows the true depth of `now` through the two poses into `before`.

    A point counts where both frames have true depth and the frame before saw it at the depth that
    the motion gives: what was hidden then, or moved by itself, is left out.

    Returns:
        None where the truth of one of them lacks depth, intrinsics or pose.
    """
    if before.depth_m is None or before.intrinsics is None or before.world_from_camera is None:
        return None
    if now.depth_m is None or now.intrinsics is None or now.world_from_camera is None:
        return None
    rows, columns = np.nonzero(_valid(now.depth_m))
    points = _unproject(rows, columns, now.depth_m[rows, columns], now.intrinsics)
    motion = np.linalg.inv(before.world_from_camera) @ now.world_from_camera
    points = points @ motion[:3, :3].T + motion[:3, 3]  # in the optical frame of `before`
    u, v, visible = _project(points, before.intrinsics)
    rows, columns = rows[visible], columns[visible]
    z, there = points[visible, 2], before.depth_m[v, u]
    same = _valid(there) & (np.abs(there - z) <= _SAME_POINT * z)
    return SamePoints((rows[same], columns[same]), (v[same], u[same]))


def _unproject(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    depth_m: NDArray[np.float32],
    camera: Intrinsics,
) -> NDArray[np.float64]:
    """(N,) pixels and depths → (N, 3) points in the optical frame, metres."""
    z = depth_m.astype(np.float64)
    x = (columns - camera.cx) / camera.fx * z
    y = (rows - camera.cy) / camera.fy * z
    return np.stack([x, y, z], axis=1)


def _project(
    points: NDArray[np.float64], camera: Intrinsics
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """(N, 3) points → columns and rows (M,) of those inside the image, and which they are (N,)."""
    z = points[:, 2]
    visible = z > 1e-6
    z = np.where(visible, z, 1.0)
    u = np.rint(camera.fx * points[:, 0] / z + camera.cx)
    v = np.rint(camera.fy * points[:, 1] / z + camera.cy)
    visible &= (u >= 0) & (u < camera.width) & (v >= 0) & (v < camera.height)
    return u[visible].astype(np.intp), v[visible].astype(np.intp), visible


def _valid(depth_m: NDArray[np.float32]) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.isfinite(depth_m) & (depth_m > 0)
