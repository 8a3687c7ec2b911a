# SPDX-License-Identifier: Apache-2.0
"""Patches and shapes, and how they are moved, turned and stretched.

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
        return moved([self], x, y, z, yaw_deg)[0]


def mapped(shape: Shape, rotation: Array, shift: Any = (0.0, 0.0, 0.0)) -> Shape:
    """The shape with each point p at `rotation @ p + shift`."""
    if not shape:
        return []
    points = np.concatenate([patch.points.reshape(-1, 3) for patch in shape]) @ rotation.T + shift
    normals = np.concatenate([patch.normals.reshape(-1, 3) for patch in shape]) @ rotation.T
    result, start = [], 0
    for patch in shape:
        size = patch.points.shape
        part = slice(start, start := start + size[0] * size[1])
        result.append(Patch(points[part].reshape(size), patch.uv, normals[part].reshape(size)))
    return result


def moved(shape: Shape, x: float, y: float, z: float = 0.0, yaw_deg: float = 0.0) -> Shape:
    """The shape turned about the z axis, then shifted."""
    return mapped(shape, _turn("z", yaw_deg), (x, y, z))


def turned(shape: Shape, axis: str, angle_deg: float) -> Shape:
    """The shape turned about the axis x, y or z through the origin, by the right-hand rule."""
    return mapped(shape, _turn(axis, angle_deg))


def scaled(shape: Shape, x: float, y: float, z: float) -> Shape:
    """The shape stretched from the origin; the factors are positive."""
    factors = np.array([x, y, z], float)
    result = []
    for patch in shape:
        normals = patch.normals / factors
        normals /= np.sqrt(np.einsum("rcn,rcn->rc", normals, normals))[..., None]
        result.append(Patch(patch.points * factors, patch.uv, normals))
    return result


def above_floor(shape: Shape) -> Shape:
    """The shape with what would reach below z = 0, such as the foot of a slanted leg, cut off."""
    return [
        Patch(np.maximum(patch.points, (-np.inf, -np.inf, 0)), patch.uv, patch.normals)
        for patch in shape
    ]


def on_floor(shape: Shape) -> Shape:
    """The shape raised or lowered until its lowest point is at z = 0."""
    return moved(shape, 0, 0, -min(float(patch.points[..., 2].min()) for patch in shape))


def _turn(axis: str, angle_deg: float) -> Array:
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = c
    matrix[first, second], matrix[second, first] = -s, s
    return matrix


def surface(points: Array, uv: Array) -> Patch:
    """A patch with the normals that its points imply."""
    rows, columns = np.gradient(points, axis=0), np.gradient(points, axis=1)
    normals = np.cross(columns, rows)
    length = np.sqrt(np.einsum("rcn,rcn->rc", normals, normals))[..., None]
    # Where a side shrinks to a point, as at the poles of a ball, there is no normal; take z.
    normals = np.where(length > 1e-9, normals, (0, 0, 1)) / np.where(length > 1e-9, length, 1)
    return Patch(points, uv, normals)


def reverse(patch: Patch, thickness: float = 0.0) -> Patch:
    """The other side of a sheet, `thickness` behind it."""
    back = patch.points - thickness * patch.normals
    return Patch(back[::-1], patch.uv[::-1], -patch.normals[::-1])


def along(start: Any, end: Any) -> tuple[Array, float]:
    """The rotation that turns z to the way from start to end (y stays level), and its length."""
    way = np.subtract(end, start, dtype=float)
    length = float(way @ way) ** 0.5
    z = way / length
    x = np.array([z[2], 0.0, -z[0]]) if abs(z[1]) < 0.99 else np.array([1.0, 0.0, 0.0])
    x -= z * (x @ z)
    x /= (x @ x) ** 0.5
    return np.column_stack([x, np.cross(z, x), z]), length
