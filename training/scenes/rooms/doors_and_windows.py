# SPDX-License-Identifier: Apache-2.0
"""Doors and windows at their places in the walls of a room, with the daylight behind the glass."""

from __future__ import annotations

import numpy as np

from training.scenes.furniture.footprint import Footprint
from training.scenes.light.area_light import AreaLight
from training.scenes.rooms import openings
from training.scenes.rooms.floor_plan import FloorPlan, Wall
from training.scenes.rooms.opening_styles import (
    CORRIDOR_DOORS,
    CORRIDOR_WINDOWS,
    CURTAINS,
    DOORS,
    WINDOWS,
    WindowStyle,
)
from training.scenes.things import Thing

CORRIDOR = "corridor"
Rng = np.random.Generator


def doors(rng: Rng, plan: FloorPlan, kind: str) -> list[Thing]:
    """One to three doors, and in corridors some on both sides, with free floor before them."""
    style = CORRIDOR_DOORS if kind == CORRIDOR else DOORS
    height = min(rng.uniform(*style.height), plan.height - style.below_ceiling)
    width = rng.uniform(*style.width)
    walls = _walls_with_doors(rng, plan, kind)
    look = openings.door(rng, width, height)  # the doors of one room are alike
    things = []
    for wall in walls:
        along = wall.find(rng, width, 0.0, height)
        if along is not None:
            things += wall.placed(look, along)
            wall.take(along, width, 0.0, height)
            before = Footprint(0.0, -width / 2, style.clear, width / 2, 0.0)
            plan.clear.append(before.placed(*wall.at(along), wall.yaw_deg))
    return things


def _walls_with_doors(rng: Rng, plan: FloorPlan, kind: str) -> list[Wall]:
    """The wall of each door."""
    if kind != CORRIDOR:
        counts = DOORS.counts
        count = rng.choice(np.arange(1, len(counts) + 1), p=counts)
        return [plan.walls[index] for index in rng.integers(4, size=count)]
    style = CORRIDOR_DOORS
    most = int(2 + plan.length / style.metres_a_door)
    long, ends = plan.walls[1::2], plan.walls[0::2]
    walls = [wall for wall in long for _ in range(int(rng.integers(1, most)))]
    return walls + [wall for wall in ends if rng.random() < style.end]


def windows(
    rng: Rng, plan: FloorPlan, day: float, kind: str
) -> tuple[list[Thing], list[AreaLight]]:
    """Up to three windows in one or two walls, with curtains beside some; and the daylight."""
    style = CORRIDOR_WINDOWS if kind == CORRIDOR else WINDOWS.get(kind, WindowStyle())
    walls = _walls_with_windows(rng, plan, kind, style)
    if not walls:
        return [], []
    sill = rng.uniform(*(style.sill if rng.random() < style.high_sill else style.low_sill))
    top = min(plan.height - rng.uniform(*style.below_ceiling), rng.uniform(*style.top))
    width = min(rng.uniform(*style.width), min(wall.length for wall in walls) - style.beside)
    look = openings.window(rng, width, top - sill, day)
    drapes, taken, low = [], width, sill - 0.05
    if rng.random() < style.curtained:
        taken = width + CURTAINS.wider
        low = CURTAINS.floor if rng.random() < style.long else sill - CURTAINS.below_sill
        rail = min(top + CURTAINS.rail, plan.height - CURTAINS.below_ceiling)
        drapes = openings.curtains(rng, width, low, rail, CURTAINS.out)
    strength = day * rng.uniform(*style.strength) * width * (top - sill)
    tint = rng.uniform(*style.tint)
    power = (strength * (1 - tint), strength, strength * (1 + tint))
    things, lights = [], []
    for wall in walls:
        along = wall.find(rng, taken, low, top)
        if along is None:
            continue
        things += wall.placed(look, along, sill) + wall.placed(drapes, along)
        wall.take(along, taken, low, top + 0.15)
        if day > 0:
            lights.append(wall.light(along, 0.2, width, sill, top)._replace(power=power))
    return things, lights


def _walls_with_windows(rng: Rng, plan: FloorPlan, kind: str, style: WindowStyle) -> list[Wall]:
    """The wall of each window."""
    if kind == CORRIDOR:
        ends = [wall for wall in plan.walls[0::2] if rng.random() < CORRIDOR_WINDOWS.end]
        return ends + [plan.walls[1]] * (rng.random() < CORRIDOR_WINDOWS.side)
    outer = rng.permutation(4)[:2]
    count = rng.choice(len(style.counts), p=style.counts)
    return [plan.walls[rng.choice(outer)] for _ in range(count)]
