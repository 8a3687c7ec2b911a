# SPDX-License-Identifier: Apache-2.0
"""The layout of a room: draws the furniture and finds a place for each piece."""

from __future__ import annotations

import numpy as np

from training.scenes.furniture.footprint import Footprint
from training.scenes.rooms import groups
from training.scenes.rooms.floor_plan import FloorPlan, Wall
from training.scenes.rooms.groups import Group, lies_flat
from training.scenes.rooms.recipes import RECIPES
from training.scenes.rooms.wall_things import painting, rug, wall_shelf
from training.scenes.things import Thing, placed

_MOST_TAKEN = 0.5  # of the floor


def furnish(rng: np.random.Generator, plan: FloorPlan, kind: str) -> list[Thing]:
    """Furniture as rooms of this kind have it, then people and small things between it."""
    recipe = RECIPES[kind]
    things: list[Thing] = []
    for name, chance, most in recipe.pieces:
        for _ in range(most):
            if rng.random() < chance and plan.share_taken < _MOST_TAKEN:
                things += _place(rng, plan, name)
    things += hang(rng, plan, recipe.pictures, recipe.shelves)
    for name, chance, most in recipe.clutter:
        for _ in range(most):
            if rng.random() < chance and plan.share_taken < _MOST_TAKEN:
                things += free_standing(rng, plan, groups.single(rng, name))
    if rng.random() < recipe.rug:
        things += _loose_rug(rng, plan)
    return things


def _place(rng: np.random.Generator, plan: FloorPlan, name: str) -> list[Thing]:
    group = groups.named(rng, name)
    if groups.wants_wall(name):
        return against_wall(rng, plan, group)
    return free_standing(rng, plan, group, square=name == "dining")


def against_wall(rng: np.random.Generator, plan: FloorPlan, group: Group) -> list[Thing]:
    """The group with its back to a wall, or nothing where no wall has room for it."""
    back = min(one.footprint.x0 for one in group)
    gap = rng.uniform(0.02, 0.06)
    touching = [one.footprint for one in group if one.footprint.x0 < back + 0.3]
    y0, y1 = min(f.y0 for f in touching), max(f.y1 for f in touching)
    top, width, shift = max(f.top for f in touching), y1 - y0, (y0 + y1) / 2
    for index in rng.permutation(len(plan.walls)):
        wall = plan.walls[index]
        for _ in range(4):
            along = wall.find(rng, width, 0.0, top)
            if along is None:
                break
            x, y = wall.at(along - shift, gap - back)
            if _stand(plan, group, x, y, wall.yaw_deg):
                wall.take(along, width, 0.0, top)
                return _moved(group, x, y, wall.yaw_deg)
    return []


def free_standing(
    rng: np.random.Generator, plan: FloorPlan, group: Group, square: bool = False
) -> list[Thing]:
    """The group somewhere on the floor, turned anyhow; or nothing where there is no room."""
    for _ in range(12):
        x, y = rng.uniform(0.2, plan.length - 0.2), rng.uniform(0.2, plan.width - 0.2)
        yaw = 90.0 * rng.integers(4) + rng.normal(0, 3) if square else rng.uniform(-180, 180)
        if _stand(plan, group, x, y, yaw):
            return _moved(group, x, y, yaw)
    return []


def _stand(plan: FloorPlan, group: Group, x: float, y: float, yaw: float) -> bool:
    """Take the floor for the group, if it is free."""
    wanted = [one.footprint.placed(x, y, yaw) for one in group if not lies_flat(one)]
    if not plan.is_free(wanted):
        return False
    plan.footprints += wanted
    return True


def _moved(group: Group, x: float, y: float, yaw: float) -> list[Thing]:
    return [thing for one in group for thing in placed(one.things, x, y, 0, yaw)]


def _loose_rug(rng: np.random.Generator, plan: FloorPlan) -> list[Thing]:
    """A rug or a runner in the middle of the room or before a door."""
    long = plan.length > 2.5 * plan.width
    length = plan.length * rng.uniform(0.3, 0.8) if long else rng.uniform(0.8, 2.2)
    width = min(rng.uniform(0.6, 1.5), plan.width * 0.75)
    x = rng.uniform(length / 2 + 0.1, max(plan.length - length / 2 - 0.1, length / 2 + 0.11))
    y = plan.width * rng.uniform(0.45, 0.55) if long else rng.uniform(0.3, 0.7) * plan.width
    return placed(rug(rng, length, width), x, y, 0, 0 if long else rng.normal(0, 8))


def hang(rng: np.random.Generator, plan: FloorPlan, pictures: float, shelves: float) -> list[Thing]:
    """Pictures and wall shelves, where walls are free; so many for each metre of wall."""
    things: list[Thing] = []
    metres = 2 * (plan.length + plan.width)
    for _ in range(rng.poisson(shelves * metres)):
        width = rng.uniform(0.5, 1.3)
        shelf, high = wall_shelf(rng, width)
        low = rng.uniform(1.2, 1.55)
        wall, along = _free_wall(rng, plan, width, low - 0.15, low + high)
        if wall is None:
            continue
        below = _before(wall, along, width, low + high)
        if not any(below.overlaps(one) and one.top > low - 0.15 for one in plan.footprints):
            things += wall.placed(shelf, along, low)
            wall.take(along, width, low - 0.15, low + high)
            plan.overhead.append(below)
    for _ in range(rng.poisson(pictures * metres)):
        width, height = np.exp(rng.uniform(np.log(0.25), np.log(1.3), 2))
        height = float(np.clip(height, width * 0.6, min(width * 1.5, 1.1)))
        middle = rng.uniform(1.35, 1.7)
        low = middle - height / 2
        wall, along = _free_wall(rng, plan, width, low, low + height)
        if wall is not None and low + height < plan.height - 0.1:
            things += wall.placed(painting(rng, width, height), along, middle)
            wall.take(along, width, low, low + height)
    return things


def _free_wall(
    rng: np.random.Generator, plan: FloorPlan, width: float, low: float, high: float
) -> tuple[Wall | None, float]:
    for index in rng.permutation(len(plan.walls)):
        wall = plan.walls[index]
        along = wall.find(rng, width, low, high) if high < plan.height - 0.1 else None
        if along is not None:
            return wall, along
    return None, 0.0


def _before(wall: Wall, along: float, width: float, top: float) -> Footprint:
    """The floor below a wall shelf, where no camera may be."""
    return Footprint(0.0, -width / 2, 0.35, width / 2, top).placed(*wall.at(along), wall.yaw_deg)
