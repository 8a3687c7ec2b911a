# SPDX-License-Identifier: Apache-2.0
"""A room with everything in it, drawn from one number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from training.scenes import building, layout, openings
from training.scenes.ceiling_lights import ceiling_lights, standing_lights
from training.scenes.floor_plan import FloorPlan, Footprint
from training.scenes.lighting import AreaLight
from training.scenes.recipes import RECIPES
from training.scenes.sunlight import Sun
from training.scenes.things import Thing
from training.scenes.viewpoints import Sight, Viewpoint, viewpoints


@dataclass(frozen=True)
class Scene:
    """A furnished and lit room.

    Attributes:
        kind: "living", "bedroom", "office", "dining", "storage" or "corridor".
        things: all there is; metres, z up, the floor at z = 0, one corner at the origin.
        lights: what shines.
        plan: the size of the room and what is taken of its floor.
        sun: what shines through the windows in patches, if anything.
    """

    kind: str
    things: list[Thing]
    lights: list[AreaLight]
    plan: FloorPlan
    sun: Sun | None = None

    @cached_property
    def sight(self) -> Sight:
        """A coarse copy of the things, made when it is first needed."""
        return Sight(self.things)

    def viewpoints(self, rng: np.random.Generator, count: int) -> list[Viewpoint]:
        """Cameras that stand free and look into the room."""
        return viewpoints(rng, self.plan, self.sight, count)


def random_scene(seed: int) -> Scene:
    """The scene of this number; the same number always makes the same scene."""
    rng = np.random.default_rng(seed)
    kinds = list(RECIPES)
    kind = str(rng.choice(kinds, p=[RECIPES[name].share for name in kinds]))
    recipe = RECIPES[kind]
    plan = FloorPlan(rng.uniform(*recipe.length), rng.uniform(*recipe.width), rng.uniform(2.3, 3.2))
    day = 0.0 if rng.random() < 0.2 else float(rng.uniform(0.25, 1.0))
    things = building.shell(rng, plan)
    things += doors(rng, plan, kind)
    glass, daylight = windows(rng, plan, day, kind)
    things += glass
    lights = list(daylight)
    lit = not lights or rng.random() < (0.85 if day < 0.3 else 0.5)
    power = rng.uniform(4.0, 9.0) * (plan.length * plan.width / 25) ** 0.7
    lamps = ceiling_lights(rng, plan, lit, power, rng.random() < recipe.many_lamps)
    things += lamps[0]
    lights += lamps[1]
    things += layout.furnish(rng, plan, kind)
    lights += standing_lights(things, float(rng.uniform(0.4, 1.1)))
    return Scene(kind, things, lights, plan)


def doors(rng: np.random.Generator, plan: FloorPlan, kind: str) -> list[Thing]:
    """One to three doors, and in corridors some on both sides, with free floor before them."""
    height, width = min(rng.uniform(2.0, 2.15), plan.height - 0.08), rng.uniform(0.85, 1.05)
    if kind == "corridor":
        long = [plan.walls[1], plan.walls[3]]
        walls = [w for w in long for _ in range(int(rng.integers(1, int(2 + plan.length / 2.5))))]
        walls += [w for w in (plan.walls[0], plan.walls[2]) if rng.random() < 0.5]
    else:
        count = rng.choice([1, 2, 3], p=[0.5, 0.4, 0.1])
        walls = [plan.walls[index] for index in rng.integers(4, size=count)]
    look = openings.door(rng, width, height)  # the doors of one room are alike
    deep = 0.35 if kind == "corridor" else 0.8
    things = []
    for wall in walls:
        along = wall.find(rng, width, 0.0, height)
        if along is not None:
            things += wall.placed(look, along)
            wall.take(along, width, 0.0, height)
            before = Footprint(0.0, -width / 2, deep, width / 2, 0.0)
            plan.clear.append(before.placed(*wall.at(along), wall.yaw_deg))
    return things


def windows(
    rng: np.random.Generator, plan: FloorPlan, day: float, kind: str
) -> tuple[list[Thing], list[AreaLight]]:
    """Up to three windows in one or two walls, with curtains beside some; and the daylight."""
    ends = [plan.walls[0], plan.walls[2]]
    if kind == "corridor":
        walls = [w for w in ends if rng.random() < 0.4] + [plan.walls[1]] * (rng.random() < 0.15)
    else:
        few = [0.3, 0.4, 0.25, 0.05] if kind == "storage" else [0.08, 0.45, 0.35, 0.12]
        outer = rng.permutation(4)[:2]
        walls = [plan.walls[rng.choice(outer)] for _ in range(rng.choice(4, p=few))]
    if not walls:
        return [], []
    sill = rng.uniform(0.75, 1.05) if rng.random() < 0.8 else rng.uniform(0.08, 0.4)
    top = min(plan.height - rng.uniform(0.15, 0.4), rng.uniform(1.95, 2.5))
    width = min(rng.uniform(0.7, 2.4), min(wall.length for wall in walls) - 0.4)
    look = openings.window(rng, width, top - sill, day)
    drapes, taken, low = [], width, sill - 0.05
    if rng.random() < (0.25 if kind == "corridor" else 0.75):
        taken, low = width + 0.7, 0.03 if rng.random() < 0.65 else sill - 0.15
        rail = min(top + 0.12, plan.height - 0.05)
        drapes = openings.curtains(rng, width, low, rail, 0.12)
    strength, tint = day * rng.uniform(2.5, 6.0) * width * (top - sill), rng.uniform(-0.12, 0.2)
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
