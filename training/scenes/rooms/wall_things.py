# SPDX-License-Identifier: Apache-2.0
"""Things on walls, built in the plane x = 0, facing +x, centred; and rugs."""

from __future__ import annotations

import numpy as np

from training.scenes.furniture.footprint import measure_footprint
from training.scenes.furniture.pieces import on_table
from training.scenes.shapes.flat import box, upright
from training.scenes.shapes.patch import Patch
from training.scenes.shapes.round import cylinder
from training.scenes.surfaces import materials
from training.scenes.things import PAINTING, RUG, SHELF, Thing, placed


def painting(rng: np.random.Generator, width: float, height: float) -> list[Thing]:
    """A picture in a frame, or a bare poster."""
    if rng.random() < 0.3:
        picture = upright(width, height, 0.006, -height / 2)
        return [Thing([picture], materials.poster(rng, (width, height)), PAINTING)]
    edge, out = rng.uniform(0.015, 0.06), rng.uniform(0.015, 0.04)
    inner = (width - 2 * edge, height - 2 * edge)
    frame = [*box((0, -width / 2, -height / 2), (out, width / 2, height / 2), cell=0.4)]
    kinds = (materials.wood, materials.painted_wood, materials.metal)
    material = kinds[rng.choice(3, p=[0.5, 0.35, 0.15])](rng)
    things = [Thing(frame, material, PAINTING)]
    if rng.random() < 0.35:
        mount = upright(*inner, out + 0.002, -inner[1] / 2)
        things.append(Thing([mount], materials.painted_wood(rng), PAINTING))
        inner = (inner[0] * 0.75, inner[1] * 0.75)
    picture = upright(*inner, out + 0.004, -inner[1] / 2)
    return [*things, Thing([picture], materials.poster(rng, inner), PAINTING)]


def wall_shelf(rng: np.random.Generator, width: float) -> tuple[list[Thing], float]:
    """One to three boards with small things on them, the lowest at z = 0; and the height."""
    depth, boards = rng.uniform(0.18, 0.3), int(rng.integers(1, 4))
    step, thick = rng.uniform(0.28, 0.38), rng.uniform(0.018, 0.04)
    wood: list[Patch] = []
    things: list[Thing] = []
    for board in range(boards):
        z = board * step
        wood += box((0, -width / 2, z), (depth, width / 2, z + thick), cell=0.3)
        for y in (-width * 0.35, width * 0.35):
            wood += box((0, y - 0.012, z - 0.12), (0.015, y + 0.012, z), cell=0.3)
            wood += box((0, y - 0.012, z - 0.015), (depth * 0.8, y + 0.012, z), cell=0.3)
        y = -width / 2 + 0.03
        while y < width / 2 - 0.1:
            small = on_table(rng)
            x0, y0, x1, y1, top = measure_footprint(small)
            if top < step - thick - 0.02 and y + y1 - y0 < width / 2 and x1 - x0 < depth:
                at = (depth / 2 - (x0 + x1) / 2, y - y0, z + thick)
                things += placed(small, *at)
            y += y1 - y0 + rng.uniform(0.01, 0.25)
    material = materials.wood(rng) if rng.random() < 0.6 else materials.painted_wood(rng)
    return [Thing(wood, material, SHELF), *things], boards * step + 0.1


def rug(rng: np.random.Generator, length: float, width: float) -> list[Thing]:
    """A flat rug about the origin, rectangular or round."""
    thick = rng.uniform(0.006, 0.015)
    weave = materials.rug_weave(rng, (max(length, width), min(length, width)))
    if rng.random() < 0.15 and max(length, width) < 1.3 * min(length, width):
        return [Thing(_disc(min(length, width) / 2, thick), weave, RUG)]
    half = (length / 2, width / 2)
    return [Thing(box((-half[0], -half[1], 0.001), (*half, thick), cell=0.3), weave, RUG)]


def _disc(radius: float, thick: float) -> list[Patch]:
    """A round plate; its texture is laid flat on it."""
    shape = cylinder(radius, 0.001, thick)
    lid = shape[1]
    return [shape[0], Patch(lid.points, lid.points[..., :2] + radius, lid.normals)]
