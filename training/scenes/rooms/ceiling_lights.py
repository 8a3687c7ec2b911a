# SPDX-License-Identifier: Apache-2.0
"""Lights from above: lamps at the ceiling, and the bulbs of standing lamps."""

from __future__ import annotations

import numpy as np

from training.scenes.light.area_light import AreaLight
from training.scenes.rooms.floor_plan import FloorPlan
from training.scenes.rooms.openings import shaded
from training.scenes.shapes.flat import box
from training.scenes.shapes.patch import Shape, moved
from training.scenes.shapes.round import cylinder, lathe
from training.scenes.shapes.rounded import pillow
from training.scenes.surfaces import materials
from training.scenes.things import LAMP, LIGHT, Thing

Colour = tuple[float, float, float]


def ceiling_lights(
    rng: np.random.Generator, plan: FloorPlan, on: bool, power: float, grid: bool
) -> tuple[list[Thing], list[AreaLight]]:
    """Lamps at the ceiling, all of one kind; and one light that stands for all that are on.

    Args:
        rng: draws the kind and the places.
        plan: the room.
        on: whether they shine.
        power: how strongly, all together.
        grid: whether there are many, as in offices and corridors, or one or two.
    """
    kind = rng.choice(
        ["panel", "tube", "disc", "pendant", "globe", "spots"],
        p=[0.4, 0.25, 0.15, 0.0, 0.0, 0.2] if grid else [0.12, 0.05, 0.25, 0.3, 0.18, 0.1],
    )
    apart = rng.uniform(1.6, 2.6) if grid or kind == "spots" else rng.uniform(3.5, 6.0)
    across = max(1, round(plan.length / apart)), max(1, round(plan.width / apart))
    xs, ys = (
        (np.arange(n) + 0.5) * side / n + rng.uniform(-0.2, 0.2) * (n == 1)
        for n, side in zip(across, (plan.length, plan.width), strict=True)
    )
    glowing, body, low = _LAMPS[str(kind)](rng)
    yaw = 90.0 * rng.integers(2) if plan.length < 2 * plan.width else 0.0
    shapes: tuple[Shape, Shape] = ([], [])
    for x in xs:
        for y in ys:
            for shape, part in zip(shapes, (glowing, body), strict=True):
                shape += moved(part, x, y, plan.height, yaw)
    shine = materials.lamp_panel(rng)
    things = [Thing(shapes[0], shine if on else shaded(shine, 0.8, 0.0), LIGHT)]
    if shapes[1]:
        metal = materials.metal(rng) if rng.random() < 0.5 else materials.painted_wood(rng)
        things.append(Thing(shapes[1], metal, LIGHT))
    if not on:
        return things, []
    (x0, x1), (y0, y1) = (xs[0] - 0.25, xs[-1] + 0.25), (ys[0] - 0.25, ys[-1] + 0.25)
    z = plan.height + low - 0.02
    red, green, blue = _tint(rng)
    sent = (power * red, power * green, power * blue)
    corner, edges = (x0, y1, z), ((x1 - x0, 0.0, 0.0), (0.0, y0 - y1, 0.0))
    return things, [AreaLight(corner, *edges, sent)]


def standing_lights(things: list[Thing], power: float) -> list[AreaLight]:
    """Light out of the open bottom and top of the shade of the first lamp that glows."""
    for thing in things:
        if thing.label != LAMP or thing.material.glow <= 0:
            continue
        points = np.concatenate([patch.points.reshape(-1, 3) for patch in thing.shape])
        (x, y, z0), top = points.min(axis=0), points.max(axis=0)[2]
        x, y = (points.max(axis=0)[:2] + (x, y)) / 2
        sent = (power, power * 0.75, power * 0.48)
        down = AreaLight((x - 0.06, y + 0.06, z0 - 0.03), (0.12, 0, 0), (0, -0.12, 0), sent)
        up = AreaLight((x - 0.06, y - 0.06, top + 0.03), (0.12, 0, 0), (0, 0.12, 0), sent)
        return [down, up]
    return []


def _tint(rng: np.random.Generator) -> Colour:
    """Warm to cold white."""
    warm = rng.uniform(-0.12, 0.3)
    return 1 + 0.7 * warm, 1.0, 1 - warm


# Each gives what glows, what holds it, and how far below the ceiling it ends; z = 0 is the ceiling.


def _panel(rng: np.random.Generator) -> tuple[Shape, Shape, float]:
    x, y = rng.choice([(0.6, 0.6), (0.6, 0.6), (1.2, 0.3), (0.3, 0.3), (0.45, 0.45)])
    z = -rng.uniform(0.012, 0.06)
    frame = box((-x / 2 - 0.02, -y / 2 - 0.02, z * 0.6), (x / 2 + 0.02, y / 2 + 0.02, 0), cell=0.5)
    return box((-x / 2, -y / 2, z), (x / 2, y / 2, -0.001), cell=0.3), frame, z


def _tube(rng: np.random.Generator) -> tuple[Shape, Shape, float]:
    x, y, z = rng.uniform(0.9, 1.5), rng.uniform(0.06, 0.16), -rng.uniform(0.04, 0.1)
    drop = -rng.uniform(0.2, 0.6) if rng.random() < 0.3 else 0.0
    holder = box((-x / 2, -y / 2, drop + z * 0.4), (x / 2, y / 2, drop), cell=0.5)
    if drop:
        for at in (-x * 0.4, x * 0.4):
            holder += moved(cylinder(0.004, drop, 0), at, 0)
    glow = box((-x / 2 + 0.02, -y * 0.4, drop + z), (x / 2 - 0.02, y * 0.4, drop + z * 0.4), 0.3)
    return glow, holder, drop + z


def _disc(rng: np.random.Generator) -> tuple[Shape, Shape, float]:
    r, z = rng.uniform(0.12, 0.3), -rng.uniform(0.05, 0.12)
    dome = lathe([(0, z), (r * 0.6, z * 0.95), (r * 0.95, z * 0.6), (r, z * 0.25)], 16)
    return [dome], cylinder(r * 1.03, z * 0.25, 0), z


def _pendant(rng: np.random.Generator) -> tuple[Shape, Shape, float]:
    r, high, drop = rng.uniform(0.12, 0.3), rng.uniform(0.12, 0.3), -rng.uniform(0.25, 0.7)
    low, neck = drop - high, rng.uniform(0.15, 0.9)
    shade = [lathe([(r, low), (r * (neck + 1) / 2, low + high / 2), (r * neck, drop)], 16)]
    lid = lathe([(r * neck, drop), (r * neck / 2, drop), (0, drop)], 16)
    cord = cylinder(0.006, drop, 0)
    bulb = moved(pillow((0.08, 0.08, 0.1), 1.0, 10), 0, 0, low + 0.05)
    if rng.random() < 0.4:  # a tight shade: only the bulb is seen to shine
        return bulb, [*shade, lid, *cord], low
    return [*shade, *bulb], [lid, *cord], low


def _globe(rng: np.random.Generator) -> tuple[Shape, Shape, float]:
    r, drop = rng.uniform(0.1, 0.22), -rng.uniform(0.02, 0.5)
    globe = moved(pillow((2 * r, 2 * r, 2 * r), 1.0, 18), 0, 0, drop - r)
    return globe, cylinder(0.008, drop, 0) + cylinder(0.05, -0.03, 0), drop - 2 * r


def _spots(rng: np.random.Generator) -> tuple[Shape, Shape, float]:
    r, z = rng.uniform(0.03, 0.06), -rng.uniform(0.06, 0.14)
    glow = [lathe([(0, z - 0.002), (r * 0.45, z - 0.002), (r * 0.9, z - 0.002)], 12)]
    return glow, [lathe([(r, z - 0.004), (r, z / 2), (r, 0)], 12)], z


_LAMPS = {
    "panel": _panel,
    "tube": _tube,
    "disc": _disc,
    "pendant": _pendant,
    "globe": _globe,
    "spots": _spots,
}
