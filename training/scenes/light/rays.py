# SPDX-License-Identifier: Apache-2.0
"""Open3D's ray casting on one thread, with arrays in and out.

One thread, because training renders in several processes; a second thread in each would only
wait for the others.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.errors import UserError

Array = NDArray[Any]


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


class Rays:
    """Triangles that rays are sent at."""

    def __init__(self, points: Array, corners: Array) -> None:
        """Sort the triangles `corners` (T, 3) of the `points` (N, 3) metres for a quick search.

        Raises:
            UserError: Open3D is not installed.
        """
        try:
            import open3d
        except (ImportError, OSError) as error:
            raise UserError(
                f"rendering needs Open3D ({error}); install it with `pip install open3d`"
            ) from error
        self._tensor = open3d.core.Tensor
        self._scene = open3d.t.geometry.RaycastingScene(nthreads=1)
        self._scene.add_triangles(
            self._tensor(np.ascontiguousarray(points, np.float32)),
            self._tensor(np.ascontiguousarray(corners, np.uint32)),
        )

    def first(self, origins: Array, ways: Array) -> Hits:
        """Finds the first hits of rays from `origins` (N, 3) along `ways` (N, 3)."""
        found = self._scene.cast_rays(self._rays(origins, ways), nthreads=1)
        distance = found["t_hit"].numpy()
        triangle = np.where(
            np.isfinite(distance), found["primitive_ids"].numpy().astype(np.int64), -1
        )
        weights, normals = found["primitive_uvs"].numpy(), found["primitive_normals"].numpy()
        return Hits(distance, triangle, weights, normals)

    def blocked(self, origins: Array, ways: Array) -> Array:
        """(N,) bool: something is between `origins` and almost the ends of `ways`."""
        answer = self._scene.test_occlusions(
            self._rays(origins, ways), tnear=0.0, tfar=0.995, nthreads=1
        )
        return np.asarray(answer.numpy())

    def _rays(self, origins: Array, ways: Array) -> Any:
        rays = np.empty((len(ways), 6), np.float32)
        rays[:, :3], rays[:, 3:] = origins, ways
        return self._tensor(rays)
