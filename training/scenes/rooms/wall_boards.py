# SPDX-License-Identifier: Apache-2.0
"""Whiteboards, notice boards full of papers, switches, sockets and pipes on walls."""

from __future__ import annotations

import numpy as np

from training.scenes.rooms.floor_plan import FloorPlan
from training.scenes.shapes.flat import box, boxes
from training.scenes.shapes.rounded import rounded_box
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import plain
from training.scenes.things import UNLABELLED, Thing, placed

Rng = np.random.Generator


def wall_boards(rng: Rng, plan: FloorPlan) -> list[Thing]:
    """Some of them where walls are free; the classes have no name for any."""
    things: list[Thing] = []
    for build, low, high, most in ((_board, 0.75, 1.1, 2), (_fitting, 0.2, 1.5, 6)):
        for _ in range(int(rng.integers(0, most + 1))):
            thing, width, height = build(rng)
            z = float(rng.uniform(low, high))
            wall = plan.walls[rng.integers(4)]
            along = wall.find(rng, width, z, z + height)
            if along is not None and z + height < plan.height - 0.1:
                wall.take(along, width, z, z + height)
                things += wall.placed(thing, along, z)
    return things


def _board(rng: Rng) -> tuple[list[Thing], float, float]:
    """A board with a frame, written or pinned on; built in the plane x = 0, from z = 0."""
    width, height = rng.uniform(0.6, 2.0), rng.uniform(0.5, 1.2)
    frame = box((0, -width / 2, 0), (0.018, width / 2, height))
    white = rng.random() < 0.55
    face = box((0.018, -width / 2 + 0.02, 0.02), (0.02, width / 2 - 0.02, height - 0.02))
    back = plain(236, 238, 240) if white else materials.fabric(rng)
    things = [Thing(frame, materials.metal(rng), UNLABELLED), Thing(face, back, UNLABELLED)]
    for _ in range(int(rng.integers(0, 12))):
        w, h = rng.uniform(0.05, min(0.3, width / 3)), rng.uniform(0.05, min(0.35, height / 2))
        y = rng.uniform(-width / 2 + 0.03, width / 2 - w - 0.03)
        z = rng.uniform(0.03, height - h - 0.03)
        sheet = box((0.0205, y, z), (rng.uniform(0.021, 0.024), y + w, z + h), without="-x")
        printed = materials.poster(rng, (w, h)) if rng.random() < 0.6 else plain(240, 238, 230)
        things.append(Thing(sheet, printed, UNLABELLED))
    if white:
        strokes = int(rng.integers(0, 14))
        y, z = rng.uniform((-width * 0.45, 0.05), (width * 0.3, height - 0.05), (strokes, 2)).T
        if strokes:
            long = rng.uniform(0.03, width * 0.15, strokes)
            low = np.column_stack([np.full(strokes, 0.02), y, z])
            high = low + np.column_stack([np.full(strokes, 0.001), long, np.full(strokes, 0.006)])
            ink = plain(*rng.choice([(30, 40, 150), (170, 30, 40), (25, 25, 30)]).astype(float))
            things.append(Thing(boxes(low, high, without="-x"), ink, UNLABELLED))
    return things, float(width), float(height)


def _fitting(rng: Rng) -> tuple[list[Thing], float, float]:
    """A switch, a socket, a panel, a fan; or a pipe or a duct along the wall."""
    if rng.random() < 0.3:
        width, height = (rng.uniform(0.5, 2.0), rng.uniform(0.02, 0.12))
        if rng.random() < 0.4:
            width, height = height, min(width, 1.0)
        shape = box((0, -width / 2, 0), (rng.uniform(0.015, 0.07), width / 2, height))
        return [Thing(shape, materials.painted_wood(rng), UNLABELLED)], float(width), float(height)
    width, height = rng.uniform(0.07, 0.35), rng.uniform(0.07, 0.3)
    deep = rng.uniform(0.01, 0.12)
    shape = rounded_box((deep, width, height), 0.004, 1)
    material = (materials.plastic if rng.random() < 0.4 else materials.painted_wood)(rng)
    thing = placed([Thing(shape, material, UNLABELLED)], deep / 2, 0, height / 2)
    return thing, float(width), float(height)
