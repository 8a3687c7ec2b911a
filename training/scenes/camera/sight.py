# SPDX-License-Identifier: Apache-2.0
"""A coarse copy of a scene, to learn quickly what a camera would see."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.camera.pose import pinhole
from training.scenes.light.rays import Rays
from training.scenes.things import Thing

Array = NDArray[Any]

_GRID = 28, 21  # rays that try a view


class Sight:
    """A coarse copy of the things, to learn quickly what a camera would see."""

    def __init__(self, things: list[Thing]) -> None:
        points, corners, labels, count = [], [], [], 0
        for thing in things:
            for patch in thing.shape:
                rows, columns = (_some(n) for n in patch.points.shape[:2])
                points.append(patch.points[rows[:, None], columns].reshape(-1, 3))
                quads = _quads(len(rows), len(columns))
                corners.append(quads + count)
                labels.append(np.full(len(quads), thing.label, np.uint8))
                count += len(points[-1])
        self._labels = np.append(np.concatenate(labels), np.uint8(255))
        self._rays = Rays(np.concatenate(points), np.concatenate(corners))

    def look(self, pose: Array, hfov_deg: float, aspect: float = 4 / 3) -> tuple[Array, Array]:
        """Depth (H, W), metres along z, and class (H, W) of a small picture."""
        camera = pinhole(*_GRID, hfov_deg, aspect)
        v, u = np.mgrid[0 : camera.height, 0 : camera.width]
        ways = np.stack(
            [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], axis=-1
        )
        hits = self._rays.first(pose[:3, 3], (ways @ pose[:3, :3].T).reshape(-1, 3))
        # The last label, at -1, is that of nothing.
        return hits.distance.reshape(u.shape), self._labels[hits.triangle].reshape(u.shape)

    def beneath(self, points: Array) -> tuple[Array, Array, Array]:
        """Looks down from points (N, 3): metres to a surface, its class, whether it looks up."""
        hits = self._rays.first(points, np.broadcast_to(np.float32((0, 0, -1)), points.shape))
        level = (hits.triangle >= 0) & (hits.normals[:, 2] > 0.999)  # not from within
        return hits.distance, self._labels[hits.triangle], level

    def blocked(self, origins: Array, ways: Array) -> Array:
        """(N,) bool: a surface is between `origins` and almost the ends of `ways`, (N, 3) each."""
        return self._rays.blocked(origins, ways)

    def distance(self, position: Array) -> float:
        """Metres from a point to the nearest surface."""
        return self._rays.nearest(position)


@lru_cache(maxsize=512)
def _some(count: int) -> Array:
    """Picks at most 6 of `count` rows, with the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(count, 6)).astype(int))


@lru_cache(maxsize=512)
def _quads(rows: int, columns: int) -> Array:
    """The triangles (T, 3) of a grid."""
    at = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]
    return np.concatenate(
        [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    )
