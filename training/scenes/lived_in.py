# SPDX-License-Identifier: Apache-2.0
"""A lived-in room: as `random_scene` furnishes it, and then what real rooms have besides.

Open doorways, pillars, machines, things on the floor, rugs of all kinds on floors of all kinds,
sun through the windows, more people. Another number means another room than in `random_scene`,
whose rooms stay what they are, so that what was measured on them can be compared.
"""

from __future__ import annotations

import numpy as np

from training.scenes.light.area_light import AreaLight
from training.scenes.light.sunlight import random_sun
from training.scenes.rooms import building, clutter, layout
from training.scenes.rooms.annexes import next_room, obstructions, opening, wall_with_hole
from training.scenes.rooms.ceiling_lights import ceiling_lights, standing_lights
from training.scenes.rooms.doors_and_windows import doors, windows
from training.scenes.rooms.floor_plan import FloorPlan
from training.scenes.rooms.recipes import RECIPES
from training.scenes.scene import Scene
from training.scenes.shapes.flat import rectangle
from training.scenes.shapes.patch import moved
from training.scenes.surfaces.any_covering import any_floor, any_wall
from training.scenes.surfaces.material import Material
from training.scenes.surfaces.materials import ceiling_covering
from training.scenes.things import CEILING, FLOOR, WALL, Thing

_STREAM = 7  # its draws are not those of the other rooms


def lived_in_scene(seed: int) -> Scene:
    """The lived-in room of this number; the same number always makes the same room."""
    rng = np.random.default_rng([seed, _STREAM])
    kinds = list(RECIPES)
    kind = str(rng.choice(kinds, p=[RECIPES[name].share for name in kinds]))
    recipe = RECIPES[kind]
    size = (rng.uniform(*side) * rng.uniform(0.9, 1.25) for side in (recipe.length, recipe.width))
    plan = FloorPlan(*size, rng.uniform(2.2, 3.4))
    day = 0.0 if rng.random() < 0.18 else float(rng.uniform(0.2, 1.0))
    things, lights, paint = _shell(rng, plan)
    things += doors(rng, plan, kind)
    glass, daylight = windows(rng, plan, day, kind)
    things += glass
    lights += daylight
    lit = not lights or rng.random() < (0.85 if day < 0.3 else 0.45)
    power = rng.uniform(2.0, 10.0) * (plan.length * plan.width / 25) ** 0.7
    lamps = ceiling_lights(rng, plan, lit, power, rng.random() < recipe.many_lamps)
    things += lamps[0]
    lights += lamps[1]
    things += obstructions(rng, plan, paint)
    things += clutter.household_pieces(rng, plan, kind)
    furnished = layout.furnish(rng, plan, kind)
    things += furnished
    things += clutter.more_on_tops(rng, furnished)
    things += clutter.company(rng, plan)
    things += clutter.rugs(rng, plan)
    things += clutter.on_floor(rng, plan)
    lights += standing_lights(things, float(rng.uniform(0.3, 1.4)))
    sun = None
    if day > 0.3 and rng.random() < 0.6:
        panes = [_pane(light) for light in daylight]
        sun = random_sun(rng, panes, float(np.exp(rng.uniform(np.log(2), np.log(20)))))
    return Scene(kind, clutter.varied(rng, things), lights, plan, sun)


def _pane(light: AreaLight) -> np.ndarray:
    """Corner and edges (3, 3) of the window behind a light, just inside of its glass."""
    facing = np.cross(light.edge_u, light.edge_v)
    corner = np.add(light.corner, -0.17 * facing / np.linalg.norm(facing))
    return np.array([corner, light.edge_u, light.edge_v])


def _shell(
    rng: np.random.Generator, plan: FloorPlan
) -> tuple[list[Thing], list[AreaLight], Material]:
    """Walls with up to two open doorways, floor and ceiling; and the material of the walls."""
    dx, dy, high = plan.length, plan.width, plan.height
    paint, ground = any_wall(rng), any_floor(rng)
    holes = {}
    for _ in range(int(rng.choice([0, 1, 2], p=[0.45, 0.4, 0.15]))):
        hole = opening(rng, plan)
        if hole is not None and hole.wall not in holes:
            holes[hole.wall] = hole
    things: list[Thing] = []
    lights: list[AreaLight] = []
    accent = int(rng.integers(4)) if rng.random() < 0.4 else None
    for index, wall in enumerate(plan.walls):
        if index in holes:
            face = wall_with_hole(wall, high, holes[index])
            beyond, light = next_room(rng, plan, holes[index], ground)
            things += beyond
            lights += light
        else:
            face = [rectangle((0, 0, 0), (0, wall.length, 0), (0, 0, high), building.CELL_M)]
        look = any_wall(rng) if index == accent else paint
        things.append(Thing(moved(face, *wall.corner, 0, wall.yaw_deg), look, WALL))
    floor = rectangle((0, 0, 0), (dx, 0, 0), (0, dy, 0), cell=building.CELL_M)
    things.append(Thing([floor], ground, FLOOR))
    ceiling = rectangle((0, dy, high), (dx, 0, 0), (0, -dy, 0), cell=building.CELL_M)
    things.append(Thing([ceiling], ceiling_covering(rng), CEILING))
    if rng.random() < 0.75 and not holes:
        things += building.skirting(rng, plan)
    return things, lights, paint
