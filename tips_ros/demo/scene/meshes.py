# SPDX-License-Identifier: Apache-2.0
"""Shapes for the sample room: grids of quads, finely divided so that each vertex can hold light.

Convention: metres; x forward, y left, z up (REP 103). Faces look to where `d/dcolumn x d/drow`
points. A shape is a list of patches. Texture coordinates are metres on flat patches and 0..1
around round ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = list["Patch"]


@dataclass(frozen=True)
class Patch:
    """A grid of points (R, C, 3), their texture coordinates (R, C, 2), their normals (R, C, 3)."""

    points: Array
    uv: Array
    normals: Array

    def moved(self, x: float, y: float, z: float = 0.0, yaw_deg: float = 0.0) -> Patch:
        """The patch turned about the z axis, then shifted."""
        c, s = np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))
        turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        return Patch(self.points @ turn + (x, y, z), self.uv, self.normals @ turn)


def moved(shape: Shape, x: float, y: float, z: float = 0.0, yaw_deg: float = 0.0) -> Shape:
    """The shape turned about the z axis, then shifted."""
    return [patch.moved(x, y, z, yaw_deg) for patch in shape]


def surface(points: Array, uv: Array) -> Patch:
    """A patch with the normals that its points imply."""
    rows, columns = np.gradient(points, axis=0), np.gradient(points, axis=1)
    normals = np.cross(columns, rows)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    # Where a side shrinks to a point, as at the poles of a ball, there is no normal; take z.
    normals = np.where(length > 1e-9, normals, (0, 0, 1)) / np.where(length > 1e-9, length, 1)
    return Patch(points, uv, normals)


def rectangle(corner: Any, u: Any, v: Any, cell: float = 0.06) -> Patch:
    """A flat patch from `corner` along the right-angled edges `u` and `v`; it looks along u x v.

    Its texture runs along the longer edge, as the grain of a board does.
    """
    corner, u, v = (np.asarray(a, float) for a in (corner, u, v))
    width, height = np.linalg.norm(u), np.linalg.norm(v)
    a = np.linspace(0, 1, max(2, int(np.ceil(width / cell)) + 1))
    b = np.linspace(0, 1, max(2, int(np.ceil(height / cell)) + 1))
    b, a = (g[..., None] for g in np.meshgrid(b, a, indexing="ij"))
    along = [a * width, b * height]
    uv = np.concatenate(along if width >= height else along[::-1], axis=-1)
    points = corner + a * u + b * v
    return Patch(points, uv, np.broadcast_to(np.cross(u, v) / (width * height), points.shape))


def box(low: Any, high: Any, cell: float = 0.06) -> Shape:
    """The six sides of an axis-aligned box, looking outwards."""
    (x, y, z), (dx, dy, dz) = low, np.subtract(high, low)
    sides = [
        ((x, y, z + dz), (dx, 0, 0), (0, dy, 0)),
        ((x, y + dy, z), (dx, 0, 0), (0, -dy, 0)),
        ((x, y + dy, z), (0, -dy, 0), (0, 0, dz)),
        ((x + dx, y, z), (0, dy, 0), (0, 0, dz)),
        ((x, y, z), (dx, 0, 0), (0, 0, dz)),
        ((x + dx, y + dy, z), (-dx, 0, 0), (0, 0, dz)),
    ]
    return [rectangle(*side, cell=cell) for side in sides]


def lathe(profile: Any, segments: int = 32) -> Patch:
    """A profile of (radius, z), bottom to top, turned about the z axis; it looks outwards."""
    radius, z = np.asarray(profile, float).T
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    radius, z, angle = radius[:, None], z[:, None], angle[None, :]
    ring = np.broadcast_arrays(radius * np.cos(angle), radius * np.sin(angle), z)
    uv = np.broadcast_arrays(angle / (2 * np.pi), (z - z[0]) / max(np.ptp(z), 1e-6))
    return surface(np.stack(ring, axis=-1), np.stack(uv, axis=-1))


def cylinder(radius: float, low: float, high: float, top_radius: float | None = None) -> Shape:
    """A closed upright cylinder or cone."""
    top = radius if top_radius is None else top_radius
    z = np.linspace(low, high, max(2, int(np.ceil((high - low) / 0.06)) + 1))
    side = lathe(np.column_stack([np.linspace(radius, top, z.size), z]))
    lid = lathe([(top, high), (top * 0.5, high), (0, high)])
    return [side, lid, lathe([(0, low), (radius * 0.5, low), (radius, low)])]


def pillow(size: Any, roundness: float = 0.3, segments: int = 28) -> Shape:
    """A superellipsoid about the origin: 1 is a ball, towards 0 a box with rounded edges."""
    half = np.asarray(size, float) / 2
    latitude = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)[:, None]
    longitude = np.linspace(-np.pi, np.pi, segments + 1)[None, :]

    def power(value: Array) -> Array:
        return np.sign(value) * np.abs(value) ** roundness

    flat = power(np.cos(latitude))
    parts = [flat * power(np.cos(longitude)), flat * power(np.sin(longitude))]
    parts.append(np.broadcast_to(power(np.sin(latitude)), parts[0].shape))
    points = np.stack(parts, axis=-1) * half
    uv = np.stack(np.broadcast_arrays(longitude, latitude), axis=-1) / (2 * np.pi) + (0.5, 0.25)
    return [surface(points, uv * (1.0, 2.0))]
