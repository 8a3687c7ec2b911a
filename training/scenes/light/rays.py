# SPDX-License-Identifier: Apache-2.0
"""Ray casting on one thread, arrays in and out: by Open3D, or by embreex where it is not there.

Both are Embree, whose hits are the same. One thread, because training renders in several
processes; a second thread in each would only wait for the others.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.errors import UserError
from training.scenes.light.nearest import distance_to_triangles

Array = NDArray[Any]

_ALMOST = 0.995  # of the way to where a ray ends: what is there does not block it
_NEEDED = "rendering needs Open3D or embreex; install one with `pip install open3d`"


class Hits(NamedTuple):
    """The surfaces that N rays hit.

    Attributes:
        distance: (N,) in lengths of the ray's direction; inf where there is nothing.
        triangle: (N,) int64; -1 where there is nothing.
        weights: (N, 2) of the second and third corner.
        normals: (N, 3) unit normals of the triangles, to either side.
    """

    distance: Array
    triangle: Array
    weights: Array
    normals: Array


def check_installed() -> None:
    """Finds out whether rays can be cast.

    Raises:
        UserError: neither Open3D nor embreex is installed.
    """
    _library()


class Rays:
    """Triangles that rays are sent at."""

    def __init__(self, points: Array, corners: Array) -> None:
        """Sort the triangles `corners` (T, 3) of the `points` (N, 3) metres for a quick search.

        Raises:
            UserError: neither Open3D nor embreex is installed.
        """
        caster = _CASTERS[_library()]
        self._caster = caster(np.ascontiguousarray(points, np.float32), corners)

    def first(self, origins: Array, ways: Array) -> Hits:
        """Finds the first hits of rays from `origins` (N, 3) along `ways` (N, 3)."""
        return self._caster.first(origins, ways)

    def blocked(self, origins: Array, ways: Array) -> Array:
        """(N,) bool: something is between `origins` and almost the ends of `ways`."""
        return self._caster.blocked(origins, ways)

    def nearest(self, position: Array) -> float:
        """Metres from a point (3,) to the nearest surface."""
        return self._caster.nearest(position)


class _Open3D:
    def __init__(self, points: Array, corners: Array) -> None:
        import open3d

        self._tensor = open3d.core.Tensor
        self._scene = open3d.t.geometry.RaycastingScene(nthreads=1)
        self._scene.add_triangles(
            self._tensor(points), self._tensor(np.ascontiguousarray(corners, np.uint32))
        )

    def first(self, origins: Array, ways: Array) -> Hits:
        found = self._scene.cast_rays(self._rays(origins, ways), nthreads=1)
        distance = found["t_hit"].numpy()
        triangle = np.where(
            np.isfinite(distance), found["primitive_ids"].numpy().astype(np.int64), -1
        )
        weights, normals = found["primitive_uvs"].numpy(), found["primitive_normals"].numpy()
        return Hits(distance, triangle, weights, normals)

    def blocked(self, origins: Array, ways: Array) -> Array:
        answer = self._scene.test_occlusions(
            self._rays(origins, ways), tnear=0.0, tfar=_ALMOST, nthreads=1
        )
        return np.asarray(answer.numpy())

    def nearest(self, position: Array) -> float:
        query = self._tensor(np.asarray(position, np.float32).reshape(1, 3))
        return float(self._scene.compute_distance(query, nthreads=1).numpy()[0])

    def _rays(self, origins: Array, ways: Array) -> Any:
        rays = np.empty((len(ways), 6), np.float32)
        rays[:, :3], rays[:, 3:] = origins, ways
        return self._tensor(rays)


class _Embreex:
    def __init__(self, points: Array, corners: Array) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        self._triangles = points[corners]
        self._scene = EmbreeScene()
        TriangleMesh(self._scene, points, np.ascontiguousarray(corners, np.int32))

    def first(self, origins: Array, ways: Array) -> Hits:
        if not len(ways):  # which embreex would not answer
            none = np.zeros((0, 3), np.float32)
            return Hits(none[:, 0], np.zeros(0, np.int64), none[:, :2], none)
        found = self._scene.run(*_wide(origins, ways), output=True)
        triangle = found["primID"].astype(np.int64)
        nothing = triangle < 0
        distance = np.where(nothing, np.float32(np.inf), found["tfar"])
        normals = found["Ng"]
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
        return Hits(distance, triangle, np.column_stack([found["u"], found["v"]]), normals)

    def blocked(self, origins: Array, ways: Array) -> Array:
        if not len(ways):
            return np.zeros(0, bool)
        ends = np.full(len(ways), _ALMOST, np.float32)
        answer = self._scene.run(*_wide(origins, ways), dists=ends, query="OCCLUDED")
        return np.asarray(answer >= 0)

    def nearest(self, position: Array) -> float:
        return distance_to_triangles(np.asarray(position, np.float32), self._triangles)


_CASTERS: dict[str, type[_Open3D | _Embreex]] = {"open3d": _Open3D, "embreex": _Embreex}


@lru_cache(maxsize=1)
def _library() -> str:
    """The first one that can be imported; a search for what is missing takes long each time."""
    reasons = []
    for name in _CASTERS:
        try:
            import_module(name)
        except (ImportError, OSError) as error:
            reasons.append(str(error))
        else:
            return name
    raise UserError(f"{_NEEDED} ({'; '.join(reasons)})")


def _wide(origins: Array, ways: Array) -> tuple[Array, Array]:
    ways = np.ascontiguousarray(ways, np.float32)
    return np.ascontiguousarray(np.broadcast_to(np.float32(origins), ways.shape)), ways
