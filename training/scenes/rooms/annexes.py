# SPDX-License-Identifier: Apache-2.0
"""Parts that make a room more than four walls: open doorways to the next, pillars, partitions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from training.scenes.furniture.footprint import Footprint
from training.scenes.furniture.pieces import PIECES
from training.scenes.light.area_light import AreaLight
from training.scenes.rooms.building import CELL_M
from training.scenes.rooms.floor_plan import FloorPlan, Wall
from training.scenes.rooms.wall_things import painting
from training.scenes.shapes.flat import box, rectangle
from training.scenes.shapes.patch import Shape, moved
from training.scenes.surfaces import materials
from training.scenes.surfaces.any_covering import any_floor, any_wall
from training.scenes.surfaces.material import Material
from training.scenes.things import CABINET, CEILING, DOOR, FLOOR, WALL, Thing, placed

Rng = np.random.Generator


class Opening(NamedTuple):
    """A hole in a wall about `along`, from the floor up."""

    wall: int
    along: float
    width: float
    height: float


def opening(rng: Rng, plan: FloorPlan) -> Opening | None:
    """Takes the place of a doorway without a shut door in it, or None where no wall has room."""
    width = rng.uniform(0.8, 1.0) if rng.random() < 0.7 else rng.uniform(1.0, 2.2)
    height = min(rng.uniform(1.95, 2.3), plan.height - 0.1)
    for index in rng.permutation(4):
        wall = plan.walls[index]
        along = wall.find(rng, width + 0.2, 0.0, height)
        if along is not None:
            wall.take(along, width + 0.2, 0.0, height)
            before = Footprint(0.0, -width / 2, 0.7, width / 2, 0.0)
            plan.clear.append(before.placed(*wall.at(along), wall.yaw_deg))
            return Opening(int(index), along, width, height)
    return None


def wall_with_hole(wall: Wall, height: float, hole: Opening) -> Shape:
    """The wall about a hole, in its own frame: built in the plane x = 0 from y = 0."""
    a, b = hole.along - hole.width / 2, hole.along + hole.width / 2
    parts = [((0.0, 0.0), (a, height)), ((b, 0.0), (wall.length, height)),
             ((a, hole.height), (b, height))]  # fmt: skip
    return [
        rectangle((0, y0, z0), (0, y1 - y0, 0), (0, 0, z1 - z0), cell=CELL_M)
        for (y0, z0), (y1, z1) in parts
        if y1 - y0 > 1e-6 and z1 - z0 > 1e-6
    ]


def next_room(
    rng: Rng, plan: FloorPlan, hole: Opening, floor: Material
) -> tuple[list[Thing], list[AreaLight]]:
    """The view through a doorway: its frame, a room or corridor, perhaps an open door.

    `floor` is this room's, which may go on.
    """
    wall = plan.walls[hole.wall]
    half, thick = hole.width / 2, rng.uniform(0.08, 0.25)
    deep, side = rng.uniform(1.2, 5.0), rng.uniform(hole.width / 2 + 0.1, 2.5)
    left, right, high = -half - side, half + side, plan.height
    back = -thick - deep
    paint = any_wall(rng)
    walls = [
        rectangle((back, left, 0), (0, right - left, 0), (0, 0, high), cell=CELL_M),
        rectangle((-thick, left, 0), (-deep, 0, 0), (0, 0, high), cell=CELL_M),
        rectangle((back, right, 0), (deep, 0, 0), (0, 0, high), cell=CELL_M),
        rectangle((-thick, -half, 0), (0, left + half, 0), (0, 0, high), cell=CELL_M),
        rectangle((-thick, right, 0), (0, half - right, 0), (0, 0, high), cell=CELL_M),
        rectangle((-thick, half, hole.height), (0, -2 * half, 0), (0, 0, high - hole.height),
                  cell=CELL_M),
    ]  # fmt: skip
    ground = rectangle((back, left, 0), (deep, 0, 0), (0, right - left, 0), cell=CELL_M)
    sill = rectangle((-thick, -half, 0), (thick, 0, 0), (0, 2 * half, 0), cell=CELL_M)
    top = rectangle((back, right, high), (deep, 0, 0), (0, left - right, 0), cell=CELL_M)
    beyond = floor if rng.random() < 0.45 else any_floor(rng)
    things = [
        Thing(walls, paint, WALL),
        Thing([ground], beyond, FLOOR),
        Thing([sill], floor, FLOOR),
        Thing([top], materials.ceiling_covering(rng), CEILING),
        Thing(_reveal(rng, hole, thick), materials.painted_wood(rng), DOOR),
    ]
    if rng.random() < 0.45:
        things.append(_threshold(rng, hole, thick))
    if rng.random() < 0.5:
        things.append(_open_leaf(rng, hole, thick))
    if rng.random() < 0.5:
        piece = PIECES["cabinet" if rng.random() < 0.5 else "chair"].build(rng)
        at = rng.uniform(left + 0.5, right - 0.5)
        things += placed(piece, back + 0.4, at)
    if rng.random() < 0.5:
        things += placed(painting(rng, 0.6, 0.5), back, rng.uniform(-half, half), 1.5)
    lights = []
    if rng.random() < 0.75:
        power = float(rng.uniform(0.3, 4.0))
        size = 0.6
        corner = (back + deep / 2, size / 2, high - 0.02)
        lamp = AreaLight(corner, (size, 0, 0), (0, -size, 0), (power, power * 0.95, power * 0.85))
        lights.append(_placed_light(wall, hole.along, lamp))
    return wall.placed(things, hole.along), lights


def _reveal(rng: Rng, hole: Opening, thick: float) -> Shape:
    """The lining of the hole, and mostly boards around it."""
    half, post = hole.width / 2, rng.uniform(0.01, 0.04)
    shape = box((-thick, -half, 0), (0, -half + post, hole.height), 0.3)
    shape += box((-thick, half - post, 0), (0, half, hole.height), 0.3)
    shape += box((-thick, -half, hole.height - post), (0, half, hole.height), 0.3)
    if rng.random() < 0.75:
        out, wide = rng.uniform(0.01, 0.02), rng.uniform(0.05, 0.09)
        shape += box((0, -half - wide, 0), (out, -half, hole.height + wide), 0.3)
        shape += box((0, half, 0), (out, half + wide, hole.height + wide), 0.3)
        shape += box((0, -half, hole.height), (out, half, hole.height + wide), 0.3)
    return shape


def _threshold(rng: Rng, hole: Opening, thick: float) -> Thing:
    """A strip or a sill, 3 to 50 mm high, over which a robot must climb; part of the floor."""
    high = float(np.exp(rng.uniform(np.log(0.003), np.log(0.05))))
    shape = box((-thick, -hole.width / 2, 0), (0.0, hole.width / 2, high), 0.3)
    kinds = (materials.wood, materials.metal, materials.painted_wood)
    return Thing(shape, kinds[rng.integers(3)](rng), FLOOR)


def _open_leaf(rng: Rng, hole: Opening, thick: float) -> Thing:
    """A door that stands open into the next room."""
    side, angle = int(rng.choice([-1, 1])), rng.uniform(50, 110)
    leaf = box((-0.04, 0, 0.008), (0, hole.width - 0.06, hole.height - 0.04), 0.3)
    leaf += box((0, hole.width - 0.16, 1.0), (0.05, hole.width - 0.13, 1.03))
    leaf += box((0.04, hole.width - 0.26, 1.0), (0.06, hole.width - 0.13, 1.025))
    swung = moved(leaf, 0, 0, 0, angle)
    if side > 0:
        swung = moved(leaf, 0, 0, 0, 180 - angle)
    return Thing(moved(swung, -thick, -side * (hole.width / 2 - 0.03)), materials.door_leaf(rng),
                 DOOR)  # fmt: skip


def _placed_light(wall: Wall, along: float, light: AreaLight) -> AreaLight:
    c, s = np.cos(np.radians(wall.yaw_deg)), np.sin(np.radians(wall.yaw_deg))
    x, y = wall.at(along)

    def turn(v: tuple[float, float, float], shift: bool) -> tuple[float, float, float]:
        a, b = c * v[0] - s * v[1], s * v[0] + c * v[1]
        return (float(a + x * shift), float(b + y * shift), v[2])

    corner = turn(light.corner, True)
    return AreaLight(corner, turn(light.edge_u, False), turn(light.edge_v, False), light.power)


def obstructions(rng: Rng, plan: FloorPlan, paint: Material) -> list[Thing]:
    """Chimney breasts, pillars, partitions and beams, of the walls' own material or another."""
    things: list[Thing] = []
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.45, 0.3, 0.15, 0.1]))):
        look = paint if rng.random() < 0.6 else any_wall(rng)
        wide, deep = rng.uniform(0.25, 1.4), rng.uniform(0.12, 0.6)
        if rng.random() < 0.35:  # a partition
            wide, deep = rng.uniform(0.08, 0.2), rng.uniform(0.6, 2.2)
        high = plan.height if rng.random() < 0.75 else rng.uniform(0.9, 1.4)
        wall = plan.walls[int(rng.integers(4))]
        along = wall.find(rng, wide, 0.0, high)
        if along is None:
            continue
        here = Footprint(0.0, -wide / 2, deep, wide / 2, high).placed(
            *wall.at(along, 0.02), wall.yaw_deg
        )
        if deep > 0.4 * min(plan.length, plan.width) or not plan.is_free([here]):
            continue
        plan.footprints.append(here)
        wall.take(along, wide, 0.0, high)
        block = box((0, -wide / 2, 0), (deep, wide / 2, high), cell=CELL_M)
        label = WALL if high > 1.5 or rng.random() < 0.7 else CABINET
        things += wall.placed([Thing(block, look, label)], along)
    if rng.random() < 0.15:
        low, y = plan.height - rng.uniform(0.15, 0.35), rng.uniform(0.2, 0.8) * plan.width
        beam = box((0, y, low), (plan.length, y + rng.uniform(0.1, 0.4), plan.height), cell=CELL_M)
        kind = materials.wood(rng) if rng.random() < 0.4 else paint
        things.append(Thing(beam, kind, CEILING))
    return things
