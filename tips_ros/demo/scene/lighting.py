# SPDX-License-Identifier: Apache-2.0
"""Light that falls on each vertex of a scene that does not move: soft shadows and its reflections.

It is computed once, so that a frame costs one ray per pixel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_LIFT_M = 0.003  # rays start this far above their surface


class AreaLight(NamedTuple):
    """A glowing rectangle that shines along `edge_u x edge_v`; `power` is linear RGB."""

    corner: tuple[float, float, float]
    edge_u: tuple[float, float, float]
    edge_v: tuple[float, float, float]
    power: tuple[float, float, float]
    samples: int = 4


def direct_light(scene: Any, points: Array, normals: Array, lights: list[AreaLight]) -> Array:
    """Irradiance (N, 3) that reaches `points` (N, 3) from the lights on a straight way.

    Args:
        scene: an Open3D RaycastingScene.
        points: metres.
        normals: unit vectors.
        lights: what shines.
    """
    total = np.zeros((len(points), 3), np.float32)
    for light in lights:
        corner, u, v = (np.asarray(a, np.float32) for a in light[:3])
        facing = np.cross(u, v) / np.linalg.norm(np.cross(u, v))
        steps = (np.arange(light.samples, dtype=np.float32) + 0.5) / light.samples
        arriving = np.zeros(len(points), np.float32)
        for a in steps:
            for b in steps:
                way = corner + a * u + b * v - points
                distance = np.linalg.norm(way, axis=1)
                cosines = np.einsum("nc,nc->n", normals, way) * -(way @ facing)
                seen = np.flatnonzero(cosines > 0)
                rays = np.hstack([points[seen] + _LIFT_M * normals[seen], way[seen]])
                blocked = scene.test_occlusions(_tensor(rays), tnear=0.0, tfar=0.995).numpy()
                seen = seen[~blocked]
                arriving[seen] += cosines[seen] / np.maximum(distance[seen], 0.1) ** 4
        total += np.outer(arriving / light.samples**2, light.power)
    return total


def reflected_light(
    scene: Any, points: Array, normals: Array, corners: Array, albedo: Array, direct: Array
) -> Array:
    """Irradiance (N, 3) that reaches `points` by way of other surfaces, three reflections deep.

    Args:
        scene: an Open3D RaycastingScene of one mesh with the vertices `points`.
        points: (N, 3) metres.
        normals: (N, 3) unit vectors.
        corners: (T, 3) vertex indices of the triangles.
        albedo: (T, 3) linear RGB of the triangles.
        direct: (N, 3) what `direct_light` gave.
    """
    side = np.cross(normals, np.where(np.abs(normals[:, 2:]) < 0.9, (0, 0, 1), (1, 0, 0)))
    side = (side / np.linalg.norm(side, axis=1, keepdims=True)).astype(np.float32)
    other = np.cross(normals, side)
    origin = points + _LIFT_M * normals
    hits = []
    for x, y, z in _cosine_directions(40).astype(np.float32):
        way = x * side + y * other + z * normals
        answer = scene.cast_rays(_tensor(np.hstack([origin, way])))
        triangle = answer["primitive_ids"].numpy().astype(np.int64)
        outside = np.einsum("nc,nc->n", answer["primitive_normals"].numpy(), way) < 0
        hits.append(np.where(np.isfinite(answer["t_hit"].numpy()) & outside, triangle, -1))
    light = direct
    for _ in range(3):
        sent = albedo * light[corners].mean(axis=1)
        sent = np.vstack([sent, np.zeros(3)])  # what -1 stands for: dark
        light = direct + sum(sent[triangle] for triangle in hits) / len(hits)
    return (light - direct).astype(np.float32)


def _cosine_directions(count: int) -> Array:
    """Directions (count, 3) about +z, denser near it as the light they stand for is stronger."""
    k = np.arange(count)
    radius, angle = np.sqrt((k + 0.5) / count), k * np.pi * (3 - np.sqrt(5))
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - radius**2)])


def _tensor(array: Array) -> Any:
    import open3d

    return open3d.core.Tensor(np.ascontiguousarray(array, np.float32))
