# SPDX-License-Identifier: Apache-2.0
"""Tables: to dine at, to work at, low ones before a sofa; the longer side runs along y."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.flat import beam, box, boxes
from training.scenes.shapes.patch import Shape, above_floor, moved
from training.scenes.shapes.round import cylinder, rod
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import Material
from training.scenes.things import TABLE, Thing

Rng = np.random.Generator


def dining_table(rng: Rng) -> list[Thing]:
    """A table for four to eight, 0.75 m high."""
    return _table(rng, rng.uniform(0.75, 1.0), rng.uniform(1.1, 2.2), rng.uniform(0.72, 0.77))


def coffee_table(rng: Rng) -> list[Thing]:
    """Low, square, long or round, perhaps with a board beneath."""
    high = rng.uniform(0.34, 0.5)
    if rng.random() < 0.35:
        return _round(rng, rng.uniform(0.25, 0.48), high)
    deep, long = rng.uniform(0.45, 0.7), rng.uniform(0.6, 1.3)
    things = _table(rng, deep, long, high)
    if rng.random() < 0.4:
        low = high * rng.uniform(0.25, 0.45)
        board = box((-deep / 2 + 0.05, -long / 2 + 0.05, low),
                    (deep / 2 - 0.05, long / 2 - 0.05, low + 0.02))  # fmt: skip
        things.append(Thing(board, things[0].material, TABLE))
    return things


def round_table(rng: Rng) -> list[Thing]:
    """0.75 m high, on four legs or one."""
    return _round(rng, rng.uniform(0.38, 0.65), rng.uniform(0.7, 0.76))


def side_table(rng: Rng) -> list[Thing]:
    """Small; beside a sofa or a bed."""
    high = rng.uniform(0.42, 0.62)
    if rng.random() < 0.5:
        return _round(rng, rng.uniform(0.18, 0.28), high)
    return _table(rng, rng.uniform(0.35, 0.5), rng.uniform(0.35, 0.5), high)


def desk(rng: Rng) -> list[Thing]:
    """A desk, its back at the smallest x: legs on one side, drawers on the other, or frames."""
    deep, long, high = rng.uniform(0.6, 0.8), rng.uniform(1.1, 1.8), rng.uniform(0.71, 0.76)
    top, x, y = box((-deep / 2, -long / 2, high - 0.028), (deep / 2, long / 2, high)), 0.0, 0.0
    x, y = deep / 2, long / 2
    wood, frame = _top_material(rng), _leg_material(rng)
    low: Shape = []
    parts: Shape = []
    handles: Shape = []
    side = int(rng.choice([-1, 1]))
    drawers = rng.random() < 0.55
    for b in (-1, 1):
        if drawers and b == side:
            wide = rng.uniform(0.36, 0.45)
            inner = b * (y - wide) if b > 0 else -y + wide
            a0, a1 = sorted((inner, b * (y - 0.01)))
            parts += box((-x + 0.04, a0, 0.0), (x - 0.05, a1, high - 0.028))
            levels = np.linspace(0.04, high - 0.035, int(rng.integers(3, 5)) + 1)
            fronts = [((x - 0.05, a0 + 0.004, z0 + 0.004), (x - 0.03, a1 - 0.004, z1 - 0.004))
                      for z0, z1 in zip(levels[:-1], levels[1:], strict=True)]  # fmt: skip
            low += boxes(*np.swapaxes(fronts, 0, 1))
            for (_, c0, _), (front, c1, z1) in fronts:
                mid = (c0 + c1) / 2
                handles += box(
                    (front, mid - 0.06, z1 - 0.05), (front + 0.02, mid + 0.06, z1 - 0.035)
                )
        else:
            for a in (-x + 0.06, x - 0.06):
                handles += beam((a, b * (y - 0.04), 0), (a, b * (y - 0.04), high - 0.03), 0.045)
    handles += box((-x + 0.04, -y + 0.05, high - 0.07), (-x + 0.065, y - 0.05, high - 0.028))
    if rng.random() < 0.5:  # a board that hides the knees
        parts += box((-x + 0.05, -y + 0.05, high * 0.45), (-x + 0.07, y - 0.05, high - 0.03))
    return [
        Thing(top, wood, TABLE),
        *([Thing(parts, wood, TABLE)] if parts else []),
        *([Thing(low, materials.painted_wood(rng), TABLE)] if low else []),
        Thing(handles, frame, TABLE),
    ]


def _top_material(rng: Rng) -> Material:
    return (materials.painted_wood if rng.random() < 0.25 else materials.wood)(rng)


def _leg_material(rng: Rng) -> Material:
    return (materials.metal if rng.random() < 0.6 else materials.wood)(rng)


def _table(rng: Rng, deep: float, long: float, high: float) -> list[Thing]:
    """A square-cornered top on straight or slanted legs, sled frames or two panels."""
    thick = rng.uniform(0.018, 0.05)
    top = box((-deep / 2, -long / 2, high - thick), (deep / 2, long / 2, high))
    under, inset = high - thick, rng.uniform(0.03, 0.09)
    x, y = deep / 2 - inset, long / 2 - inset
    wood = _top_material(rng)
    kind = rng.choice(["straight", "slanted", "frames", "panels"], p=[0.45, 0.25, 0.18, 0.12])
    legs: Shape = []
    if kind == "panels":
        for b in (-y, y):
            legs += box((-x, b - 0.02, 0), (x, b + 0.02, under))
    elif kind == "frames":
        for b in (-y, y):
            legs += boxes([(-x, b - 0.02, 0), (-x, b - 0.02, under - 0.03)],
                          [(x, b + 0.02, 0.03), (x, b + 0.02, under)])  # fmt: skip
            legs += box((-x, b - 0.02, 0), (-x + 0.03, b + 0.02, under))
            legs += box((x - 0.03, b - 0.02, 0), (x, b + 0.02, under))
    else:
        width, splay = rng.uniform(0.03, 0.08), rng.uniform(0.03, 0.1) * (kind == "slanted")
        slender = kind == "slanted" and rng.random() < 0.8
        for a in (-1, 1):
            for b in (-1, 1):
                hip = (a * (x - splay), b * (y - splay), under)
                foot = (a * x, b * y, 0.0)
                if slender:
                    legs += rod(foot, hip, width * 0.3, width * 0.5)
                else:
                    legs += beam(foot, hip, width)
        if rng.random() < 0.6:  # an apron
            for a in (-1, 1):
                edge = a * (x - splay)
                legs += box(
                    (edge - 0.01, -y + splay, under - 0.08), (edge + 0.01, y - splay, under), 0.5
                )
                edge = a * (y - splay)
                legs += box(
                    (-x + splay, edge - 0.01, under - 0.08), (x - splay, edge + 0.01, under), 0.5
                )
    same = rng.random() < 0.55
    return [
        Thing(top, wood, TABLE),
        Thing(above_floor(legs), wood if same else _leg_material(rng), TABLE),
    ]


def _round(rng: Rng, radius: float, high: float) -> list[Thing]:
    """A disc on one foot or on three to four legs."""
    top = cylinder(radius, high - rng.uniform(0.02, 0.04), high, segments=24)
    legs: Shape = []
    if rng.random() < 0.45:
        legs += cylinder(0.6 * radius, 0, 0.025, segments=18)
        legs += cylinder(rng.uniform(0.025, 0.05), 0.025, high - 0.02, segments=10)
    else:
        count, start = int(rng.integers(3, 5)), rng.uniform(0, 6)
        inner, outer = rng.uniform(0.4, 0.65) * radius, rng.uniform(0.7, 0.92) * radius
        for k in range(count):
            way = np.array([np.cos(start + 2 * np.pi * k / count),
                            np.sin(start + 2 * np.pi * k / count)])  # fmt: skip
            legs += rod((*(outer * way), 0), (*(inner * way), high - 0.02), 0.013, 0.02)
    wood = _top_material(rng)
    same = rng.random() < 0.5
    leg = wood if same else _leg_material(rng)
    return [Thing(moved(top, 0, 0), wood, TABLE), Thing(above_floor(legs), leg, TABLE)]
