# SPDX-License-Identifier: Apache-2.0
"""A lived-in room with more in it: crammed shelves, heaps on desks, full walls, more furniture.

It draws from a stream of its own, after the lived-in room of the same number is there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.scenes.furniture import household
from training.scenes.furniture.desk_things import desk_thing, magazines, monitor
from training.scenes.furniture.footprint import measure_footprint
from training.scenes.heaps import laid
from training.scenes.lived_in import lived_in_scene
from training.scenes.rooms import clutter, groups
from training.scenes.rooms.floor_plan import FloorPlan
from training.scenes.rooms.groups import part
from training.scenes.rooms.layout import against_wall, free_standing, hang
from training.scenes.rooms.wall_boards import wall_boards
from training.scenes.scene import Scene
from training.scenes.things import Thing

Rng = np.random.Generator

_STREAM = 11
_MOST_TAKEN = 0.6  # of the floor
_AT_WALLS = ("shelves", "shelves", "cabinet", "desk", "desk", "sideboard", "wardrobe")
_FREE = ("dining", "chair", "office_chair", "box", "side_table", "coffee_table")


def fuller_scene(seed: int) -> Scene:
    """The fuller room of this number; the same number always makes the same room."""
    rng = np.random.default_rng([seed, _STREAM])
    scene = lived_in_scene(seed)
    added = _furniture(rng, scene.plan)
    added += hang(rng, scene.plan, float(rng.choice([0.0, 0.2, 0.5])), float(rng.uniform(0, 0.2)))
    added += wall_boards(rng, scene.plan)
    things = scene.things + clutter.varied(rng, added)
    count = int(rng.choice([5, 18, 40, 75], p=[0.12, 0.33, 0.33, 0.22]))
    builds = [monitor] * int(rng.integers(0, 4)) + [desk_thing] * count
    # The second time also on what was laid there the first.
    for some in (builds, [magazines] * int(rng.integers(0, 5)) + [desk_thing] * (count // 3)):
        for thing in laid(rng, things, some):
            things += thing
            scene.plan.looked_at.append(measure_footprint(thing))
    return replace(scene, things=things)


def _furniture(rng: Rng, plan: FloorPlan) -> list[Thing]:
    things: list[Thing] = []
    for _ in range(int(rng.integers(0, 5))):
        if plan.share_taken > _MOST_TAKEN:
            break
        if rng.random() < 0.2:
            things += against_wall(rng, plan, [part(household.kitchen(rng))])
        elif rng.random() < 0.7:
            name = _AT_WALLS[rng.integers(len(_AT_WALLS))]
            things += against_wall(rng, plan, groups.named(rng, name))
        else:
            name = _FREE[rng.integers(len(_FREE))]
            things += free_standing(rng, plan, groups.named(rng, name))
    return things
