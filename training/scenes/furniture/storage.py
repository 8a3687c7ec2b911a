# SPDX-License-Identifier: Apache-2.0
"""Cabinets with doors and drawers; their back is at the smallest x."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.flat import box, boxes
from training.scenes.shapes.patch import Shape, moved
from training.scenes.shapes.round import cylinder
from training.scenes.surfaces import materials
from training.scenes.things import CABINET, Thing

Rng = np.random.Generator


def cabinet(rng: Rng) -> list[Thing]:
    """A chest of drawers or a tall cabinet."""
    return (chest_of_drawers if rng.random() < 0.5 else tall_cabinet)(rng)


def wardrobe(rng: Rng) -> list[Thing]:
    """Taller than a person, with doors over its whole height, perhaps drawers below."""
    doors = int(rng.integers(2, 5))
    size = (rng.uniform(0.5, 0.65), doors * rng.uniform(0.42, 0.55), rng.uniform(1.8, 2.2))
    split = [1.0] if rng.random() < 0.65 else [0.25, 0.75]
    return _cabinet(rng, size, doors, split)


def sideboard(rng: Rng) -> list[Thing]:
    """Low and long, doors or drawers, often on legs."""
    columns = int(rng.integers(2, 5))
    size = (rng.uniform(0.36, 0.5), columns * rng.uniform(0.38, 0.55), rng.uniform(0.5, 0.9))
    split = [[1.0], [0.5, 0.5], [0.65, 0.35]][rng.integers(3)]
    return _cabinet(rng, size, columns, split, rng.choice([0.0, rng.uniform(0.1, 0.2)]))


def chest_of_drawers(rng: Rng) -> list[Thing]:
    """Drawers above each other."""
    rows = int(rng.integers(3, 6))
    size = (rng.uniform(0.38, 0.5), rng.uniform(0.6, 1.3), rows * rng.uniform(0.19, 0.25))
    legs = rng.choice([0.0, rng.uniform(0.08, 0.15)])
    return _cabinet(rng, size, int(rng.integers(1, 3)), [1 / rows] * rows, legs)


def tall_cabinet(rng: Rng) -> list[Thing]:
    """Narrow or office-like, one or two doors wide, drawers or doors above each other."""
    columns = int(rng.integers(1, 3))
    size = (rng.uniform(0.36, 0.5), columns * rng.uniform(0.38, 0.5), rng.uniform(1.1, 1.9))
    split = [[1.0], [0.45, 0.55], [0.2, 0.2, 0.6], [0.25] * 4][rng.integers(4)]
    return _cabinet(rng, size, columns, split)


def bedside(rng: Rng) -> list[Thing]:
    """Small, with one to three drawers."""
    rows = int(rng.integers(1, 4))
    size = (rng.uniform(0.34, 0.42), rng.uniform(0.36, 0.5), rng.uniform(0.4, 0.6))
    return _cabinet(rng, size, 1, [1 / rows] * rows, rng.choice([0.0, rng.uniform(0.1, 0.2)]))


def _cabinet(
    rng: Rng, size: tuple[float, float, float], columns: int, split: list[float], legs: float = 0.0
) -> list[Thing]:
    """A body with fronts in columns and in rows, `split` of its height each, bottom to top."""
    deep, wide, high = size
    x, y = deep / 2 - 0.02, wide / 2
    plinth = legs if legs else rng.uniform(0.04, 0.1)
    body = box((-deep / 2, -y, plinth), (x, y, high))
    if rng.random() < 0.5:  # a top that stands out
        body += box((-deep / 2, -y - 0.015, high - 0.025), (x + 0.035, y + 0.015, high))
    ys = np.linspace(-y, y, columns + 1)
    zs = plinth + (high - 0.027 - plinth) * np.concatenate([[0.0], np.cumsum(split)])
    gap, low, up = rng.uniform(0.002, 0.005), [], []
    for a, b in zip(ys[:-1], ys[1:], strict=True):
        for c, d in zip(zs[:-1], zs[1:], strict=True):
            low.append((x, a + gap, c + gap))
            up.append((x + 0.02, b - gap, d - gap))
    fronts = [side for a, b in zip(low, up, strict=True) for side in box(a, b, 0.4, without="-x")]
    rims = _rims(rng, np.array(low), np.array(up))
    if legs:
        foot = cylinder(0.014, 0, legs, 0.02, segments=8)
        places = [(a, b) for a in (-x + 0.04, x - 0.05) for b in (-y + 0.06, y - 0.06)]
        base = [s for place in places for s in moved(foot, *place)]
    else:
        base = box((-deep / 2, -y + 0.01, 0), (x - 0.03, y - 0.01, plinth), 0.5, without="-z")
    kinds = [materials.wood, materials.painted_wood, materials.painted_wood, materials.metal]
    wood = kinds[rng.choice(4, p=[0.5, 0.22, 0.2, 0.08])](rng)
    other = wood if rng.random() < 0.6 else materials.painted_wood(rng)
    metal = (materials.metal if rng.random() < 0.7 else materials.wood)(rng)
    return [
        Thing(body, wood, CABINET),
        Thing(fronts + rims, other, CABINET),
        Thing(base, wood if not legs else metal, CABINET),
        *_handles(rng, np.array(low), np.array(up), columns),
    ]


def _rims(rng: Rng, low: np.ndarray, high: np.ndarray) -> Shape:
    """Frames that stand out of the fronts, on old-fashioned cabinets."""
    if rng.random() > 0.35 or np.any((high - low)[:, 1:] < 0.17):
        return []
    width, x = 0.055, high[:, :1]
    (y0, z0), (y1, z1) = (tuple(c[:, k : k + 1] for k in (1, 2)) for c in (low, high))
    out = x + 0.01
    strips = [
        ((x, y0, z0), (out, y1, z0 + width)),
        ((x, y0, z1 - width), (out, y1, z1)),
        ((x, y0, z0 + width), (out, y0 + width, z1 - width)),
        ((x, y1 - width, z0 + width), (out, y1, z1 - width)),
    ]
    lows, highs = (np.concatenate([np.hstack(s[k]) for s in strips]) for k in (0, 1))
    return boxes(lows, highs, without="-x")


def _handles(rng: Rng, low: np.ndarray, high: np.ndarray, columns: int) -> list[Thing]:
    """A knob or a bar on each front: at the side of a door, in the middle of a drawer."""
    style = rng.choice(["bar", "knob", "none"], p=[0.5, 0.35, 0.15])
    if style == "none":
        return []
    length = rng.uniform(0.09, 0.22)
    lows, highs = [], []
    for index, (a, b) in enumerate(zip(low, high, strict=True)):
        wide, tall = b[1] - a[1], b[2] - a[2]
        middle = (a + b) / 2
        door = tall > wide * 0.9
        if door:  # the doors of a pair open from their common edge
            right = (index * columns // max(len(low), 1)) % 2 == 0
            middle[1] = b[1] - 0.04 if right else a[1] + 0.04
            middle[2] = np.clip(middle[2] if tall > 0.9 else b[2] - 0.12, a[2], b[2])
        elif style == "bar" and tall > 0.2:
            middle[2] = b[2] - 0.06
        if style == "knob":
            half = np.array([0, 0.014, 0.014])
        elif door:
            half = np.array([0, 0.006, min(length, tall * 0.8) / 2])
        else:
            half = np.array([0, min(length, wide * 0.7) / 2, 0.006])
        front = np.array([b[0], middle[1], middle[2]])
        lows.append(front - half)
        highs.append(front + half + (0.028, 0, 0))
    material = (materials.metal if rng.random() < 0.8 else materials.plastic)(rng)
    return [Thing(boxes(lows, highs, without="-x"), material, CABINET)]
