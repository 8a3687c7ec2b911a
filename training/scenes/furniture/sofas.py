# SPDX-License-Identifier: Apache-2.0
"""Sofas of one to three seats, perhaps with a corner, and the cushions thrown on them."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.flat import box
from training.scenes.shapes.patch import Shape, moved, turned
from training.scenes.shapes.round import cylinder
from training.scenes.shapes.rounded import cushion, rounded_box
from training.scenes.surfaces import materials
from training.scenes.things import CUSHION, SOFA, Thing

Rng = np.random.Generator


def armchair(rng: Rng) -> list[Thing]:
    """A sofa for one."""
    return _sofa(rng, 1)


def sofa(rng: Rng) -> list[Thing]:
    """A sofa for two or three."""
    return _sofa(rng, int(rng.integers(2, 4)))


def _sofa(rng: Rng, seats: int) -> list[Thing]:
    each, arm = rng.uniform(0.58, 0.8), rng.uniform(0.1, 0.26)
    deep, seat, top = rng.uniform(0.82, 1.0), rng.uniform(0.4, 0.47), rng.uniform(0.72, 0.95)
    back, feet = rng.uniform(0.16, 0.26), rng.uniform(0.05, 0.16)
    inner = seats * each
    wide, edge, base = inner + 2 * arm, rng.uniform(0.025, 0.07), seat - 0.15
    x = -deep / 2  # the back
    body = _at(rounded_box((deep, inner, base - feet), 0.02), (0, 0, (base + feet) / 2))
    rise = top - feet
    body += _at(rounded_box((back, inner, rise), edge), (x + back / 2, 0, feet + rise / 2))
    rise = rng.uniform(0.5, 0.68) - feet
    for side in (-1, 1):
        y = side * (wide - arm) / 2
        body += _at(rounded_box((deep, arm, rise), edge, swell=0.01), (0, y, feet + rise / 2))
    room = deep - back
    joined = rng.random() < 0.25  # one long seat
    for y, width in [(0.0, inner)] if joined else _places(seats, each):
        pad = rounded_box((room, width - 0.01, 0.17), 0.05, swell=0.02)
        body += _at(pad, (x + back + room / 2, y, seat - 0.07))
    high = top - seat + rng.uniform(-0.05, 0.06)
    for y, width in _places(seats, each):
        pad = turned(rounded_box((0.16, width - 0.02, high), 0.06, swell=0.03), "y", -8)
        body += _at(pad, (x + back + 0.08, y, seat + high / 2))
    if seats > 1 and rng.random() < 0.2:  # a seat drawn out to lie on
        long = rng.uniform(0.5, 0.75)
        y = rng.choice([-1, 1]) * (inner - each) / 2
        body += _at(
            rounded_box((long, each, base - feet), 0.02), ((deep + long) / 2, y, (base + feet) / 2)
        )
        pad = rounded_box((long + 0.02, each - 0.01, 0.17), 0.05, swell=0.02)
        body += _at(pad, ((deep + long) / 2, y, seat - 0.07))
    cover = (materials.leather if rng.random() < 0.3 else materials.fabric)(rng)
    legs = _feet(rng, deep, wide, feet + 0.02)
    wood = (materials.metal if rng.random() < 0.3 else materials.wood)(rng)
    things = [Thing(body, cover, SOFA), Thing(legs, wood, SOFA)]
    return things + _cushions(rng, seats, each, (x + back + 0.2, seat))


def _at(shape: Shape, place: tuple[float, float, float]) -> Shape:
    return moved(shape, *place)


def _places(seats: int, each: float) -> list[tuple[float, float]]:
    """Middle and width of each seat along y."""
    return [((k - (seats - 1) / 2) * each, each) for k in range(seats)]


def _feet(rng: Rng, deep: float, wide: float, height: float) -> Shape:
    x, y = deep / 2 - 0.07, wide / 2 - 0.07
    if rng.random() < 0.3:  # two runners
        return [s for b in (-y, y) for s in box((-x, b - 0.02, 0), (x, b + 0.02, height))]
    radius = rng.uniform(0.015, 0.03)
    foot = cylinder(radius * 0.8, 0, height, radius, segments=8)
    return [s for a in (-x, x) for b in (-y, y) for s in moved(foot, a, b)]


def _cushions(rng: Rng, seats: int, each: float, at: tuple[float, float]) -> list[Thing]:
    """Up to four, leaning on the back."""
    things = []
    for y, _ in _places(seats, each):
        if rng.random() < 0.55:
            side = rng.uniform(0.36, 0.5)
            shape = cushion(side, side * rng.uniform(0.7, 1), rng.uniform(0.11, 0.17))
            shape = turned(shape, "x", rng.uniform(-12, 12))
            shape = turned(shape, "y", -rng.uniform(15, 30))
            y += rng.uniform(-0.2, 0.2) * each
            shape = moved(shape, at[0] + 0.04, y, at[1] + side * 0.45, rng.uniform(-25, 25))
            things.append(Thing(shape, materials.fabric(rng), CUSHION))
    return things
