# SPDX-License-Identifier: Apache-2.0
"""The room itself: walls, skirting, floor and ceiling."""

from __future__ import annotations

import numpy as np

from training.scenes.rooms.floor_plan import FloorPlan
from training.scenes.shapes.flat import box, rectangle
from training.scenes.shapes.patch import moved
from training.scenes.surfaces import materials
from training.scenes.things import CEILING, FLOOR, WALL, Thing

CELL_M = 0.25  # how finely large flat surfaces are divided, to hold the light


def shell(rng: np.random.Generator, plan: FloorPlan) -> list[Thing]:
    """Builds the walls, floor and ceiling; now and then one wall has another colour."""
    dx, dy, height = plan.length, plan.width, plan.height
    common = materials.wall_covering(rng)
    accent = int(rng.integers(4)) if rng.random() < 0.35 else None
    things = []
    for index, wall in enumerate(plan.walls):
        face = rectangle((0, 0, 0), (0, wall.length, 0), (0, 0, height), cell=CELL_M)
        material = materials.wall_covering(rng) if index == accent else common
        things.append(Thing(moved([face], *wall.corner, 0, wall.yaw_deg), material, WALL))
    floor = rectangle((0, 0, 0), (dx, 0, 0), (0, dy, 0), cell=CELL_M)
    things.append(Thing([floor], materials.floor_covering(rng), FLOOR))
    ceiling = rectangle((0, dy, height), (dx, 0, 0), (0, -dy, 0), cell=CELL_M)
    things.append(Thing([ceiling], materials.ceiling_covering(rng), CEILING))
    if rng.random() < 0.75:
        things += skirting(rng, plan)
    return things


def skirting(rng: np.random.Generator, plan: FloorPlan) -> list[Thing]:
    """Boards along the foot of all walls."""
    height, depth = rng.uniform(0.05, 0.13), rng.uniform(0.01, 0.02)
    boards = []
    for wall in plan.walls:
        board = box((0, 0, 0), (depth, wall.length, height), cell=2 * CELL_M)
        boards += moved(board, *wall.corner, 0, wall.yaw_deg)
    material = materials.painted_wood(rng) if rng.random() < 0.7 else materials.wood(rng)
    return [Thing(boards, material, WALL)]
