# SPDX-License-Identifier: Apache-2.0
"""Rectangles, boxes and square bars, divided into cells or not."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.scenes.shapes.patch import Patch, Shape, along, mapped

WHOLE = 1e3  # a cell longer than anything: flat patches stay undivided
# The sides of the box from 0 to 1: name, a corner, and the edges that leave it.
SIDES = {
    "+z": ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
    "-z": ((0, 1, 0), (1, 0, 0), (0, -1, 0)),
    "-x": ((0, 1, 0), (0, -1, 0), (0, 0, 1)),
    "+x": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-y": ((0, 0, 0), (1, 0, 0), (0, 0, 1)),
    "+y": ((1, 1, 0), (-1, 0, 0), (0, 0, 1)),
}
NORMALS = {name: np.cross(u, v).astype(float) for name, (_, u, v) in SIDES.items()}
_GRIDS = {name: np.broadcast_to(normal, (2, 2, 3)) for name, normal in NORMALS.items()}


def rectangle(corner: Any, u: Any, v: Any, cell: float = WHOLE) -> Patch:
    """A flat patch from `corner` along the right-angled edges `u` and `v`; it looks along u x v.

    Its texture runs along the longer edge, as the grain of a board does.
    """
    corner, u, v = (np.asarray(a, float) for a in (corner, u, v))
    width, height = float(u @ u) ** 0.5, float(v @ v) ** 0.5
    columns, rows = (max(1, int(np.ceil(length / cell - 1e-9))) + 1 for length in (width, height))
    a, b = np.linspace(0, 1, columns)[None, :, None], np.linspace(0, 1, rows)[:, None, None]
    uv = np.empty((rows, columns, 2))
    order = (0, 1) if width >= height else (1, 0)
    uv[..., order[0]], uv[..., order[1]] = a[..., 0] * width, b[..., 0] * height
    normal = np.array([u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2],
                       u[0] * v[1] - u[1] * v[0]]) / (width * height)  # fmt: skip
    points = corner + a * u + b * v
    return Patch(points, uv, np.broadcast_to(normal, points.shape))


def upright(width: float, height: float, x: float, z: float = 0.0) -> Patch:
    """A flat patch about y = 0 from `z` up, looking along +x; v of its texture is up."""
    patch = rectangle((x, -width / 2, z), (0, width, 0), (0, 0, height), cell=0.3)
    return Patch(patch.points, patch.uv if width >= height else patch.uv[..., ::-1], patch.normals)


def box(low: Any, high: Any, cell: float = WHOLE, without: str = "") -> Shape:
    """The sides of an axis-aligned box, looking outwards; `without` such as "-z-x" names gaps."""
    size = np.subtract(high, low, dtype=float)
    if size.max() <= cell:  # all sides at once
        return boxes(np.asarray(low)[None], np.asarray(high)[None], without)
    return [
        rectangle(low + size * corner, size * u, size * v, cell)
        for name, (corner, u, v) in SIDES.items()
        if name not in without
    ]


def boxes(low: Any, high: Any, without: str = "") -> Shape:
    """Many boxes (N, 3) at once, undivided: books, slats, handles."""
    names = [name for name in SIDES if name not in without]
    sides = np.array([SIDES[name] for name in names], float)
    low = np.asarray(low, float)
    size = np.asarray(high, float) - low
    corner, u, v = (size[:, None] * sides[:, k] for k in range(3))  # (N, S, 3)
    corner = corner + low[:, None]
    points = np.stack([corner, corner + u, corner + v, corner + u + v], axis=2)
    points = points.reshape(*corner.shape[:2], 2, 2, 3)
    width, height = np.abs(u).sum(axis=-1), np.abs(v).sum(axis=-1)
    uv = np.zeros((*points.shape[:-1], 2))
    uv[:, :, :, 1, 0], uv[:, :, 1, :, 1] = width[..., None], height[..., None]
    upright = width < height
    uv[upright] = uv[upright][..., ::-1]
    grids = [_GRIDS[name] for name in names]
    return [
        Patch(points[n, s], uv[n, s], grid) for n in range(len(low)) for s, grid in enumerate(grids)
    ]


def beam(start: Any, end: Any, width: float, depth: float | None = None) -> Shape:
    """A square bar between two points: a slanted leg, an arm of a frame."""
    depth = width if depth is None else depth
    bar, length = along(start, end)
    shape = box((-width / 2, -depth / 2, 0), (width / 2, depth / 2, length), cell=0.5)
    return mapped(shape, bar, start)
