# SPDX-License-Identifier: Apache-2.0
"""Optional clean-up of a cloud in space, and its Open3D twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.libraries import OPEN3D
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE, Cloud, unpack_rgb

if TYPE_CHECKING:
    import open3d

_LUMP = np.dtype((np.void, CLOUD_DTYPE.itemsize))


def valid_points(cloud: Cloud) -> Cloud:
    """The points with a position, as a flat (N,) copy in image order."""
    flat = cloud.reshape(-1)
    # As lumps of 32 bytes: NumPy picks structures field by field, ten times slower.
    points: Cloud = flat.view(_LUMP)[np.isfinite(flat["z"])].view(CLOUD_DTYPE)
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
    result.point.colors = tensor(unpack_rgb(points))
    result.point.label = tensor(points["label"].astype(np.int32)[:, None])
    normals = _columns(points, "normals")
    if not np.isnan(normals).all():
        result.point.normals = tensor(normals)
    return result


def filter_cloud(
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
    voxel, counts = _voxels(points, voxel_m)

    def mean(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(voxel, values) / counts)

    result = np.empty(len(counts), CLOUD_DTYPE)
    for name in ("x", "y", "z"):
        result[name] = mean(points[name])
    names = ("normal_x", "normal_y", "normal_z")
    normals = np.stack([mean(points[name]) for name in names])
    length = np.linalg.norm(normals, axis=0)
    normals /= np.where(length > 0, length, np.nan)
    for name, values in zip(names, normals, strict=True):
        result[name] = values
    red, green, blue = (np.rint(mean(c)).astype(np.uint32) for c in unpack_rgb(points).T)
    result["rgb"] = (red << 16 | green << 8 | blue).view(np.float32)
    result["label"] = _majority(voxel, points["label"])
    return result


def _voxels(points: Cloud, voxel_m: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each point's voxel (0, 1, ...), and each voxel's point count."""
    key = np.zeros(len(points), np.int64)
    for name in ("z", "y", "x"):
        cell = np.floor(points[name].astype(np.float64) / voxel_m).astype(np.int64)
        cell -= cell.min()
        key = key * (cell.max() + 1) + cell
    order = np.argsort(key, kind="stable")
    first = np.diff(key[order], prepend=-1) != 0
    voxel = np.empty(len(points), np.int64)
    voxel[order] = np.cumsum(first) - 1
    return voxel, np.bincount(voxel)


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
        raise RuntimeError(f"this needs Open3D ({error}); run: {OPEN3D.fix}") from error
    return open3d
