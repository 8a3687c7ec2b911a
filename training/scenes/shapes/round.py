# SPDX-License-Identifier: Apache-2.0
"""Things that are turned about an axis, or have a skin around level ellipses."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.scenes.shapes.patch import Array, Patch, Shape, along, mapped, surface

_CREASE_DEG = 50.0  # profiles that turn further have an edge there


def lathe(profile: Any, segments: int = 16) -> Patch:
    """A profile of (radius, z), bottom to top, turned about the z axis; it looks outwards."""
    radius, z, out, up = _creased(np.asarray(profile, float))
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    c, s = np.cos(angle)[None, :], np.sin(angle)[None, :]

    def ring(across: Array, along: Array) -> Array:
        level = np.broadcast_to(along[:, None], (len(along), segments + 1))
        return np.stack([across[:, None] * c, across[:, None] * s, level], axis=-1)

    uv = np.broadcast_arrays(angle / (2 * np.pi), ((z - z[0]) / max(np.ptp(z), 1e-6))[:, None])
    return Patch(ring(radius, z), np.stack(uv, axis=-1), ring(out, up))


def _creased(profile: Array) -> tuple[Array, ...]:
    """Radius, height and the normal's two parts; points at edges twice, with both normals."""
    way = np.diff(profile, axis=0)
    way /= np.maximum(np.hypot(*way.T), 1e-9)[:, None]
    normal = np.column_stack([way[:, 1], -way[:, 0]])
    before, after = normal[[0, *range(len(normal))]], normal[[*range(len(normal)), -1]]
    sharp = np.einsum("nc,nc->n", before, after) < np.cos(np.radians(_CREASE_DEG))
    smooth = before + after
    smooth /= np.maximum(np.hypot(*smooth.T), 1e-9)[:, None]
    first, second = (
        np.where(sharp[:, None], before, smooth),
        np.where(sharp[:, None], after, smooth),
    )
    copies = 1 + sharp
    points, normals = np.repeat(profile, copies, axis=0), np.repeat(first, copies, axis=0)
    normals[np.cumsum(copies) - 1] = second
    return (*points.T, *normals.T)


def cylinder(
    radius: float, low: float, high: float, top_radius: float | None = None, segments: int = 12
) -> Shape:
    """A closed upright cylinder or cone."""
    top = radius if top_radius is None else top_radius
    side = lathe([(radius, low), (top, high)], segments)
    lid = lathe([(top, high), (0, high)], segments)
    return [side, lid, lathe([(0, low), (radius, low)], segments)]


def rod(start: Any, end: Any, radius: float, end_radius: float | None = None,
        segments: int = 8) -> Shape:  # fmt: skip
    """An open round bar between two points."""
    turn, length = along(start, end)
    tip = radius if end_radius is None else end_radius
    return mapped([lathe([(radius, 0), (tip, length)], segments)], turn, start)


def capsule(
    start: Any, end: Any, radius: float, end_radius: float | None = None, segments: int = 10
) -> Shape:
    """A round bar between two points with half a ball about each: limbs, fingers, sausages."""
    turn, length = along(start, end)
    tip = radius if end_radius is None else end_radius
    lower, upper = np.radians([-90, -45, 0]), np.radians([0, 45, 90])
    half = [np.column_stack([radius * np.cos(lower), radius * np.sin(lower)])]
    half.append(np.column_stack([tip * np.cos(upper), length + tip * np.sin(upper)]))
    return mapped([lathe(np.concatenate(half), segments)], turn, start)


def loft(sections: Any, segments: int = 14, roundness: float = 1.0) -> Patch:
    """Level ellipses (x, y, z, half x, half y), bottom to top, with a skin around them."""
    x, y, z, a, b = (column[:, None] for column in np.asarray(sections, float).T)
    angle = np.linspace(0, 2 * np.pi, segments + 1)[None, :]
    c, s = (np.sign(f) * np.abs(f) ** roundness for f in (np.cos(angle), np.sin(angle)))
    points = np.stack(np.broadcast_arrays(x + a * c, y + b * s, z), axis=-1)
    uv = np.broadcast_arrays(angle / (2 * np.pi), (z - z[0]) / max(np.ptp(z), 1e-6))
    return surface(points, np.stack(uv, axis=-1))
