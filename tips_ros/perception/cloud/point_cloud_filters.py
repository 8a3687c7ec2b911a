# SPDX-License-Identifier: Apache-2.0
"""Optional clean-up of a cloud in space, and its Open3D twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE, Cloud, unpacked_rgb

if TYPE_CHECKING:
    import open3d


def valid_points(cloud: Cloud) -> Cloud:
    """The points with a position, as a flat (N,) copy in image order."""
    flat = cloud.reshape(-1)
    points: Cloud = flat[np.isfinite(flat["z"])]
    return points


def to_open3d(cloud: Cloud) -> open3d.t.geometry.PointCloud:
    """A tensor PointCloud of the valid points, in the cloud's frame, metres.

    Attributes: ``positions``, ``normals`` float32 (N, 3); ``colors`` uint8 (N, 3); ``label``
    int32 (N, 1). Normals are left out when no point has one.

    Raises:
        RuntimeError: Open3D is not installed.
    """
    o3d = _open3d()
    points = valid_points(cloud)
    tensor = o3d.core.Tensor
    result: open3d.t.geometry.PointCloud = o3d.t.geometry.PointCloud(
        tensor(_columns(points, "xyz"))
    )
    result.point.colors = tensor(unpacked_rgb(points))
    result.point.label = tensor(points["label"].astype(np.int32)[:, None])
    normals = _columns(points, "normals")
    if not np.isnan(normals).all():
        result.point.normals = tensor(normals)
    return result


def filtered(
    cloud: Cloud, voxel_m: float = 0.0, outlier_neighbors: int = 0, outlier_std: float = 2.0
) -> Cloud:
    """A thinner and cleaner cloud, no longer organised.

    Slow (tens of milliseconds to half a second for 640x480): for files and pictures rather than
    for every frame. Both steps are off by default; with both off, only invalid points go.

    Args:
        cloud: organised or flat, CLOUD_DTYPE.
        voxel_m: side of the cubes whose points are merged: mean position and colour, mean normal
            made unit again, and the label that most of the points have. 0 = off.
        outlier_neighbors: remove points whose mean distance to this many neighbours is unusual
            (needs Open3D). 0 = off.
        outlier_std: how unusual, in standard deviations above the mean.

    Returns:
        (N,) structured array, CLOUD_DTYPE.

    Raises:
        ValueError: a negative number.
        RuntimeError: the outlier filter is on and Open3D is not installed.
    """
    if voxel_m < 0 or outlier_neighbors < 0 or outlier_std <= 0:
        raise ValueError(
            f"voxel_m={voxel_m} and outlier_neighbors={outlier_neighbors} must not be negative "
            f"and outlier_std={outlier_std} must be positive"
        )
    points = valid_points(cloud)
    if voxel_m > 0 and points.size:
        points = _one_per_voxel(points, voxel_m)
    if outlier_neighbors > 0 and points.size:
        o3d = _open3d()
        legacy = o3d.geometry.PointCloud(
            o3d.utility.Vector3dVector(_columns(points, "xyz").astype(np.float64))
        )
        # The older of Open3D's two: faster here, and its indices carry our own fields along.
        _, kept = legacy.remove_statistical_outlier(outlier_neighbors, outlier_std)
        points = points[np.asarray(kept, dtype=np.int64)]
    return points


def _one_per_voxel(points: Cloud, voxel_m: float) -> Cloud:
    """Open3D's own voxel filter averages labels, and the mean of wall and lamp is not a class."""
    voxel, counts, order = _voxels(points, voxel_m)
    starts = np.cumsum(counts) - counts
    values = np.concatenate(
        [_columns(points, "xyz"), _columns(points, "normals"), unpacked_rgb(points)], axis=1
    )
    means = np.add.reduceat(values[order].astype(np.float64), starts, axis=0) / counts[:, None]
    result = np.empty(len(counts), CLOUD_DTYPE)
    length = np.linalg.norm(means[:, 3:6], axis=1, keepdims=True)
    means[:, 3:6] /= np.where(length > 0, length, np.nan)
    for column, name in enumerate(("x", "y", "z", "normal_x", "normal_y", "normal_z")):
        result[name] = means[:, column]
    colors = np.rint(means[:, 6:]).astype(np.uint32)
    result["rgb"] = (colors[:, 0] << 16 | colors[:, 1] << 8 | colors[:, 2]).view(np.float32)
    result["label"] = _majority(voxel, points["label"])
    return result


def _voxels(
    points: Cloud, voxel_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Each point's voxel (0, 1, ...), each voxel's point count, and points sorted by voxel."""
    cell = np.floor(_columns(points, "xyz").astype(np.float64) / voxel_m).astype(np.int64)
    cell -= cell.min(axis=0)
    size = cell.max(axis=0) + 1
    key = (cell[:, 2] * size[1] + cell[:, 1]) * size[0] + cell[:, 0]
    order = np.argsort(key, kind="stable")
    first = np.diff(key[order], prepend=-1) != 0
    voxel = np.empty(len(points), np.int64)
    voxel[order] = np.cumsum(first) - 1
    return voxel, np.bincount(voxel), order


def _majority(voxel: NDArray[np.int64], labels: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The commonest label of each voxel; of equals, the smallest."""
    pairs, counts = np.unique(voxel << 32 | labels.astype(np.int64), return_counts=True)
    best = np.lexsort((-counts, pairs >> 32))  # stable: by voxel, then by falling count
    owner = pairs[best] >> 32
    winners = pairs[best][np.diff(owner, prepend=-1) != 0]
    return np.asarray(winners & 0xFFFFFFFF, dtype=np.uint32)


def _columns(points: Cloud, which: str) -> NDArray[np.float32]:
    """(N, 3) float32 positions or normals."""
    start = {"xyz": 0, "normals": 5}[which]
    floats = np.ascontiguousarray(points).view(np.float32).reshape(-1, 8)
    return np.ascontiguousarray(floats[:, start : start + 3], dtype=np.float32)


def _open3d() -> Any:
    try:
        import open3d
    except (ImportError, OSError) as error:
        raise RuntimeError(f"this needs Open3D ({error}); run: pip install open3d") from error
    return open3d
