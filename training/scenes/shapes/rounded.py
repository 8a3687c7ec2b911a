# SPDX-License-Identifier: Apache-2.0
"""Balls, pillows, cushions, and boxes with rounded edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.scenes.shapes.flat import NORMALS, SIDES
from training.scenes.shapes.patch import Array, Patch, Shape, surface


def ball(radius: float, segments: int = 14) -> Shape:
    """A ball about the origin."""
    return pillow((2 * radius,) * 3, 1.0, segments)


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
    for name, (_, u, v) in SIDES.items():
        normal = NORMALS[name]
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
