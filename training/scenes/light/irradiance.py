# SPDX-License-Identifier: Apache-2.0
"""Light that falls on each point of a scene that does not move: soft shadows and its reflections.

It is computed once, so that a frame costs one ray per pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.light.area_light import AreaLight
from training.scenes.light.mesh import Mesh
from training.scenes.light.quality import Quality
from training.scenes.light.rays import Rays

Array = NDArray[Any]

_LIFT_M = 0.003  # rays start this far above their surface


def irradiance(
    mesh: Mesh,
    rays: Rays,
    albedo: Array,
    lights: list[AreaLight],
    quality: Quality,
    sunlight: Array | None = None,
) -> Array:
    """Light (N, 3) that falls on the points of a mesh; `albedo` (T, 3) is of its triangles.

    `sunlight` (N, 3), which is not part of the result, is reflected too.

    A point and the four beside it send their rays in different directions, and are then averaged:
    five times the rays for each at the price of slightly softer shadows.
    """
    count = max(1, round(quality.light_rays / max(1, len(lights))))
    direct = np.zeros((len(mesh.points), 3), np.float32)
    for light in lights:
        direct += _arriving(mesh, rays, light, count)[:, None] * np.array(light.power, np.float32)
    direct = _averaged(direct, mesh.neighbours)
    sent = direct if sunlight is None else direct + sunlight
    return direct + _reflected(mesh, rays, albedo, sent, quality)


def _arriving(mesh: Mesh, rays: Rays, light: AreaLight, count: int) -> Array:
    """Share (N,) of the light's power that reaches each point on a straight way."""
    corner, u, v = (np.asarray(a, np.float32) for a in light[:3])
    facing = np.cross(u, v) / np.linalg.norm(np.cross(u, v))
    front = np.flatnonzero((mesh.points - corner) @ facing > 0)
    points, normals, phase = mesh.points[front], mesh.normals[front], mesh.phase[front]
    arriving = np.zeros(len(front), np.float32)
    for pairs in _even_pairs(5 * count).reshape(count, 5, 2):
        on_light = (corner + pairs[:, :1] * u + pairs[:, 1:] * v).astype(np.float32)
        way = on_light[phase] - points
        cosines = np.einsum("nc,nc->n", normals, way) * -(way @ facing)
        seen = np.flatnonzero(cosines > 0)
        way = way[seen]
        free = ~rays.blocked(points[seen] + _LIFT_M * normals[seen], way)
        squared = np.maximum(np.einsum("nc,nc->n", way, way), 0.01)
        arriving[seen] += np.where(free, cosines[seen] / squared**2, 0)
    total = np.zeros(len(mesh.points), np.float32)
    total[front] = arriving / count
    return total


def _reflected(mesh: Mesh, rays: Rays, albedo: Array, direct: Array, quality: Quality) -> Array:
    """Light (N, 3) that reaches the points by way of other surfaces."""
    normals = mesh.normals
    side = np.cross(normals, np.where(np.abs(normals[:, 2:]) < 0.9, (0, 0, 1), (1, 0, 0)))
    side = (side / np.linalg.norm(side, axis=1, keepdims=True)).astype(np.float32)
    frames = np.stack([side, np.cross(normals, side), normals], axis=1)
    origins = mesh.points + _LIFT_M * normals
    hits = []
    for five in _cosine_directions(5 * quality.sky_rays).reshape(-1, 5, 3):
        way = np.einsum("nk,nkc->nc", five[mesh.phase], frames)
        found = rays.first(origins, way)
        outside = np.einsum("nc,nc->n", found.normals, way) < 0
        hits.append(np.where(outside, found.triangle, -1))
    reflected = np.zeros_like(direct)
    for _ in range(quality.reflections):
        light = direct + reflected
        sent = np.zeros((len(albedo) + 1, 3), np.float32)  # the last, -1, stands for nothing
        for corner in mesh.corners.T:
            sent[:-1] += light[corner]
        sent[:-1] *= albedo / 3
        reflected = np.zeros_like(direct)
        for triangle in hits:
            reflected += sent[triangle]
        reflected = _averaged(reflected / len(hits), mesh.neighbours)
    return _averaged(reflected, mesh.neighbours)


def _averaged(light: Array, neighbours: Array) -> Array:
    """Mean over each point and the four beside it in its patch."""
    total = light.copy()
    for beside in neighbours.T:
        total += light[beside]
    return total / 5


def _even_pairs(count: int) -> Array:
    """`count` pairs spread evenly over the unit square (the R2 sequence of M. Roberts)."""
    return (np.arange(count)[:, None] * np.array([0.7548776662, 0.5698402910])) % 1


def _cosine_directions(count: int) -> Array:
    """Directions (count, 3) about +z, denser near it as the light they stand for is stronger."""
    k = np.arange(count)
    radius, angle = np.sqrt((k + 0.5) / count), k * np.pi * (3 - np.sqrt(5))
    directions = [radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - radius**2)]
    return np.column_stack(directions).astype(np.float32)
