# SPDX-License-Identifier: Apache-2.0
"""A room with everything in it, drawn from one number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from training.scenes.camera.pose import Viewpoint
from training.scenes.camera.sight import Sight
from training.scenes.camera.viewpoints import viewpoints
from training.scenes.light.area_light import AreaLight
from training.scenes.light.sunlight import Sun
from training.scenes.rooms import building, layout
from training.scenes.rooms.ceiling_lights import ceiling_lights, standing_lights
from training.scenes.rooms.doors_and_windows import doors, windows
from training.scenes.rooms.floor_plan import FloorPlan
from training.scenes.rooms.recipes import RECIPES
from training.scenes.things import Thing


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
