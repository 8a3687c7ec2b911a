# SPDX-License-Identifier: Apache-2.0
"""Shapes for scenes: grids of quads, as coarse as their form allows.

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

WHOLE = 1e3  # a cell longer than anything: flat patches stay undivided
_CREASE_DEG = 50.0  # profiles that turn further have an edge there


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


# The sides of the box from 0 to 1: name, a corner, and the edges that leave it.
_SIDES = {
    "+z": ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
    "-z": ((0, 1, 0), (1, 0, 0), (0, -1, 0)),
    "-x": ((0, 1, 0), (0, -1, 0), (0, 0, 1)),
    "+x": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-y": ((0, 0, 0), (1, 0, 0), (0, 0, 1)),
    "+y": ((1, 1, 0), (-1, 0, 0), (0, 0, 1)),
}


_NORMALS = {name: np.cross(u, v).astype(float) for name, (_, u, v) in _SIDES.items()}
_GRIDS = {name: np.broadcast_to(normal, (2, 2, 3)) for name, normal in _NORMALS.items()}


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
        for name, (corner, u, v) in _SIDES.items()
        if name not in without
    ]


def boxes(low: Any, high: Any, without: str = "") -> Shape:
    """Many boxes (N, 3) at once, undivided: books, slats, handles."""
    names = [name for name in _SIDES if name not in without]
    sides = np.array([_SIDES[name] for name in names], float)
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
    bar, length = _along(start, end)
    shape = box((-width / 2, -depth / 2, 0), (width / 2, depth / 2, length), cell=0.5)
    return mapped(shape, bar, start)


def _along(start: Any, end: Any) -> tuple[Array, float]:
    """The rotation that turns z to the way from start to end (y stays level), and its length."""
    way = np.subtract(end, start, dtype=float)
    length = float(way @ way) ** 0.5
    z = way / length
    x = np.array([z[2], 0.0, -z[0]]) if abs(z[1]) < 0.99 else np.array([1.0, 0.0, 0.0])
    x -= z * (x @ z)
    x /= (x @ x) ** 0.5
    return np.column_stack([x, np.cross(z, x), z]), length


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
    turn, length = _along(start, end)
    tip = radius if end_radius is None else end_radius
    return mapped([lathe([(radius, 0), (tip, length)], segments)], turn, start)


def capsule(
    start: Any, end: Any, radius: float, end_radius: float | None = None, segments: int = 10
) -> Shape:
    """A round bar between two points with half a ball about each: limbs, fingers, sausages."""
    turn, length = _along(start, end)
    tip = radius if end_radius is None else end_radius
    lower, upper = np.radians([-90, -45, 0]), np.radians([0, 45, 90])
    half = [np.column_stack([radius * np.cos(lower), radius * np.sin(lower)])]
    half.append(np.column_stack([tip * np.cos(upper), length + tip * np.sin(upper)]))
    return mapped([lathe(np.concatenate(half), segments)], turn, start)


def ball(radius: float, segments: int = 14) -> Shape:
    """A ball about the origin."""
    return pillow((2 * radius,) * 3, 1.0, segments)


def loft(sections: Any, segments: int = 14, roundness: float = 1.0) -> Patch:
    """Level ellipses (x, y, z, half x, half y), bottom to top, with a skin around them."""
    x, y, z, a, b = (column[:, None] for column in np.asarray(sections, float).T)
    angle = np.linspace(0, 2 * np.pi, segments + 1)[None, :]
    c, s = (np.sign(f) * np.abs(f) ** roundness for f in (np.cos(angle), np.sin(angle)))
    points = np.stack(np.broadcast_arrays(x + a * c, y + b * s, z), axis=-1)
    uv = np.broadcast_arrays(angle / (2 * np.pi), (z - z[0]) / max(np.ptp(z), 1e-6))
    return surface(points, np.stack(uv, axis=-1))


def pillow(size: Any, roundness: float = 0.3, segments: int = 16) -> Shape:
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


def rounded_box(size: Any, edge: float, steps: int = 1, swell: float = 0.0) -> Shape:
    """A box about the origin with edges of radius `edge`; its top and sides `swell` outwards.

    Texture coordinates are metres on each side.
    """
    half = np.asarray(size, float) / 2
    edge = min(edge, *(0.98 * half))
    bend = edge * (1 - np.tan(np.linspace(np.pi / 4, 0, steps + 1)))  # from the side's rim inwards
    result = []
    for name, (_, u, v) in _SIDES.items():
        normal = _NORMALS[name]
        at = []
        for edge_way in (u, v):
            reach = float(np.abs(edge_way) @ half)
            at.append(
                np.concatenate([-reach + bend, [0.0] if reach > edge else [], reach - bend[::-1]])
            )
        a, b = at[0][None, :, None], at[1][:, None, None]
        points = normal * half + a * np.asarray(u, float) + b * np.asarray(v, float)
        inner = np.clip(points, edge - half, half - edge)
        way = points - inner
        way /= np.sqrt(np.einsum("rcn,rcn->rc", way, way))[..., None]
        place = inner + edge * way
        if swell:
            place = place + swell * normal * (
                (1 - (a / at[0][-1]) ** 2) * (1 - (b / at[1][-1]) ** 2)
            )
        uv = np.concatenate(np.broadcast_arrays(a, b), axis=-1)
        result.append(Patch(place, uv, way))
    return result


def cushion(width: float, height: float, thickness: float, steps: int = 6) -> Shape:
    """A stuffed square about the origin in the y-z plane, thin at its seam, looking along +x."""
    t = np.sin(np.linspace(-np.pi / 2, np.pi / 2, steps + 1))
    a, b = t[None, :], t[:, None]
    thick = 0.5 * thickness * ((1 - a**2) * (1 - b**2)) ** 0.4
    y, z = width / 2 * a * (1 - 0.07 * (1 - b**2)), height / 2 * b * (1 - 0.07 * (1 - a**2))
    uv = np.stack(np.broadcast_arrays(a * width / 2, b * height / 2), axis=-1)
    front = surface(np.stack(np.broadcast_arrays(thick, y, z), axis=-1), uv)
    back = surface(np.stack(np.broadcast_arrays(-thick, y, z), axis=-1)[::-1], uv[::-1])
    return [front, back]
