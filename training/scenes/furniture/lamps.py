# SPDX-License-Identifier: Apache-2.0
"""Lamps that stand on the floor or on a table."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.patch import Shape, above_floor, moved, reverse, turned
from training.scenes.shapes.round import cylinder, lathe, rod
from training.scenes.shapes.rounded import ball
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import Material
from training.scenes.things import LAMP, Thing

Rng = np.random.Generator


def standing_lamp(rng: Rng) -> list[Thing]:
    """1.3 to 1.8 m high: on a foot, on three legs, bowed over, or an uplighter."""
    high, kind = rng.uniform(1.3, 1.75), rng.choice(["foot", "tripod", "bow"], p=[0.5, 0.25, 0.25])
    radius = rng.uniform(0.15, 0.27)
    stand: Shape = []
    if kind == "tripod":
        for k in range(3):
            turn = 2 * np.pi * k / 3 + 0.5
            foot = (0.3 * np.cos(turn), 0.3 * np.sin(turn), 0.0)
            stand += rod(foot, (0.02 * np.cos(turn), 0.02 * np.sin(turn), high - 0.2), 0.014)
        shade = _shade(rng, radius, high)
        return _lamp(rng, stand, shade)
    stand += cylinder(rng.uniform(0.12, 0.17), 0, 0.025, segments=16)
    if kind == "foot":
        stand += cylinder(rng.uniform(0.009, 0.016), 0.025, high - 0.1, segments=8)
        return _lamp(rng, stand, _shade(rng, radius, high))
    reach, tops = rng.uniform(0.3, 0.6), np.linspace(0, np.pi * 0.62, 6)
    path = np.array(
        [(reach / 2 * (1 - np.cos(t)), 0, high - 0.35 + 0.35 * np.sin(t)) for t in tops]
    )
    stand += rod((0, 0, 0.02), path[0], 0.011)
    for a, b in zip(path[:-1], path[1:], strict=True):
        stand += rod(a, b, 0.011, segments=6)
    bell = [lathe([(0.13, -0.14), (0.1, -0.05), (0.03, 0.0)], 14)]
    bell = moved(bell, path[-1][0], 0, path[-1][2] + 0.01)
    return _lamp(rng, stand, bell)


def table_lamp(rng: Rng) -> list[Thing]:
    """0.3 to 0.6 m high: a body with a shade, a ball of glass, or a desk lamp with joints."""
    high, kind = (
        rng.uniform(0.32, 0.58),
        rng.choice(["shade", "globe", "jointed"], p=[0.6, 0.15, 0.25]),
    )
    if kind == "globe":
        radius = rng.uniform(0.08, 0.13)
        stand = cylinder(radius * 0.7, 0, 0.03, radius * 0.5)
        return _lamp(rng, stand, moved(ball(radius, 20), 0, 0, radius + 0.025))
    if kind == "jointed":
        elbow, head = np.array([-0.12, 0, 0.3]), np.array([0.14, 0, 0.42])
        stand = cylinder(0.08, 0, 0.02) + rod((0, 0, 0.02), elbow, 0.008)
        stand += rod(elbow, head, 0.008)
        bell = [lathe([(0.075, -0.09), (0.055, -0.01), (0.02, 0.02)], 12)]
        shade = moved(turned(bell, "y", -25), *head)
        return _lamp(rng, stand, shade)
    radius, body = rng.uniform(0.1, 0.17), high * rng.uniform(0.45, 0.6)
    belly = rng.uniform(0.03, 0.085)
    profile = [(0, 0), (0.06, 0), (0.06, 0.015), (belly, body * 0.35), (belly * 0.6, body * 0.8),
               (0.012, body), (0.01, high - 0.05)]  # fmt: skip
    return _lamp(rng, [lathe(profile, 14)], _shade(rng, radius, high, high - body))


def _shade(rng: Rng, radius: float, top: float, height: float | None = None) -> Shape:
    """A drum or a cone, open below and above."""
    height = rng.uniform(0.2, 0.34) if height is None else height
    narrow = radius * rng.choice([1.0, rng.uniform(0.45, 0.85)])
    outside = lathe(
        [(radius, top - height), ((radius + narrow) / 2, top - height / 2), (narrow, top)]
    )
    return [outside, reverse(outside, 0.004)]


def _lamp(rng: Rng, stand: Shape, shade: Shape) -> list[Thing]:
    kinds = [materials.metal, materials.metal, materials.wood, materials.ceramic]
    body: Material = kinds[rng.integers(4)](rng)
    return [Thing(above_floor(stand), body, LAMP), Thing(shade, materials.lampshade(rng), LAMP)]
