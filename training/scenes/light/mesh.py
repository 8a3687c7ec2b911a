# SPDX-License-Identifier: Apache-2.0
"""All patches of a scene in one mesh, divided finely enough to hold its light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.shapes.patch import Patch
from training.scenes.things import Thing

Array = NDArray[Any]

_MOST_CELLS = 96  # along one side of a patch


@dataclass(frozen=True)
class Mesh:
    """Triangles with smooth normals.

    Attributes:
        points: (N, 3) float32, metres, world.
        normals: (N, 3) float32, unit vectors of the true, possibly curved shape.
        uv: (N, 2) float32 texture coordinates.
        corners: (T, 3) int64, indices of points.
        owner: (T,) int64, index of the thing.
        neighbours: (N, 4) int64, the points beside each in its patch; at a border itself.
        phase: (N,) int64, 0..4; a point and the four beside it have all five.
    """

    points: Array
    normals: Array
    uv: Array
    corners: Array
    owner: Array
    neighbours: Array
    phase: Array


def mesh(things: list[Thing], cell_m: float) -> Mesh:
    """Put the patches together; those with cells longer than `cell_m` are divided further."""
    patches = [patch for thing in things for patch in thing.shape]
    owners = np.repeat(np.arange(len(things)), [len(thing.shape) for thing in things])
    patches = _divided(patches, cell_m)
    rows, columns = np.array([patch.points.shape[:2] for patch in patches]).T
    sizes = rows * columns
    of_patch = np.repeat(np.arange(len(patches)), sizes)
    at = np.arange(sizes.sum())
    width = columns[of_patch]
    local = at - (np.cumsum(sizes) - sizes)[of_patch]
    row, column = np.divmod(local, width)
    left, top = column > 0, row > 0
    right, bottom = column < width - 1, row < rows[of_patch] - 1
    neighbours = np.stack([at - left, at + right, at - top * width, at + bottom * width], axis=-1)
    a = at[right & bottom]
    below = a + width[a]
    corners = np.concatenate(
        [np.stack([a, a + 1, below + 1], axis=-1), np.stack([a, below + 1, below], axis=-1)]
    )
    owner = np.tile(owners[of_patch[a]], 2)
    normals = _joined([patch.normals for patch in patches])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    points, uv = (_joined([getattr(p, name) for p in patches]) for name in ("points", "uv"))
    return Mesh(points, normals, uv, corners, owner, neighbours, (2 * row + column) % 5)


def _joined(parts: list[Array]) -> Array:
    return np.concatenate([p.reshape(-1, p.shape[-1]) for p in parts]).astype(np.float32)


def _divided(patches: list[Patch], cell_m: float) -> list[Patch]:
    result = []
    for patch in patches:
        rows, columns = patch.points.shape[:2]
        if columns > 3 and _same(patch.points[rows // 2, 0], patch.points[rows // 2, -1]):
            patch = _closed(patch)
        # The middle lines stand for all: where a patch is round, its poles are at the ends.
        down, along = patch.points[:, columns // 2], patch.points[rows // 2]
        times = [int(np.ceil(_longest_step(line) / cell_m - 1e-3)) for line in (down, along)]
        times = [
            min(max(t, 1), max(1, _MOST_CELLS // n))
            for t, n in zip(times, (rows, columns), strict=True)
        ]
        result.append(patch if times == [1, 1] else _finer(patch, *times))
    return result


def _closed(patch: Patch) -> Patch:
    """A patch around something, with its normals right at the seam and at the poles.

    They were made from the differences to the points on either side; at a seam the last column
    knows the one side and the first the other, and a pole has none.
    """
    normals = patch.normals.copy()
    normals[:, 0] = normals[:, -1] = normals[:, 0] + normals[:, -1]
    for pole, beside in ((0, 1), (-1, -2)):
        if len(normals) > 2 and _same(patch.points[pole, 0], patch.points[pole, 1]):
            normals[pole] = normals[beside, 1:].mean(axis=0)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    return Patch(patch.points, patch.uv, normals)


def _same(a: Array, b: Array) -> bool:
    return bool(abs(a - b).max() < 1e-6)


def _longest_step(line: Array) -> float:
    steps = line[1:] - line[:-1]
    return float(np.sqrt((steps * steps).sum(axis=1).max()))


def _finer(patch: Patch, down: int, along: int) -> Patch:
    """The same facets with each cell divided into `down` x `along`."""
    everything = np.concatenate([patch.points, patch.uv, patch.normals], axis=-1)
    rows, columns = everything.shape[:2]
    y, x = (np.arange((n - 1) * k + 1) / k for n, k in ((rows, down), (columns, along)))
    y0, x0 = (np.minimum(a.astype(int), n - 2) for a, n in ((y, rows), (x, columns)))
    ty, tx = (y - y0)[:, None, None], (x - x0)[None, :, None]
    lines = everything[y0] * (1 - ty) + everything[y0 + 1] * ty
    everything = lines[:, x0] * (1 - tx) + lines[:, x0 + 1] * tx
    return Patch(everything[..., :3], everything[..., 3:5], everything[..., 5:])
