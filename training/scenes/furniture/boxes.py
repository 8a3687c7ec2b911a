# SPDX-License-Identifier: Apache-2.0
"""Boxes: of cardboard, plastic and wood, in stacks, and suitcases."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.flat import beam, box, boxes
from training.scenes.shapes.patch import Shape, moved, turned
from training.scenes.shapes.round import loft
from training.scenes.shapes.rounded import ball, rounded_box
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import plain
from training.scenes.things import BOX, Thing, placed

Rng = np.random.Generator


def some_box(rng: Rng) -> list[Thing]:
    """A box of any kind for the floor: cartons, tubs, crates, stacks, suitcases."""
    kinds = [carton, crate, box_stack, suitcase]
    return kinds[rng.choice(4, p=[0.42, 0.2, 0.26, 0.12])](rng)


def carton(rng: Rng) -> list[Thing]:
    """A cardboard box, closed with tape or open with its flaps out."""
    size = (rng.uniform(0.22, 0.5), rng.uniform(0.25, 0.6), rng.uniform(0.15, 0.45))
    return _carton(rng, size, bool(rng.random() < 0.4))


def _carton(rng: Rng, size: tuple[float, float, float], open_top: bool) -> list[Thing]:
    dx, dy, dz = size
    x, y = dx / 2, dy / 2
    board = materials.cardboard(rng)
    if not open_top:
        tape = 0.03
        strips = box((-tape, -y - 0.002, dz), (tape, y + 0.002, dz + 0.002))
        for side in (-1, 1):
            a, b = sorted((side * y, side * (y + 0.002)))
            strips += box((-tape, a, dz * 0.75), (tape, b, dz))
        tone = plain(*(np.array([206, 180, 130]) * rng.uniform(0.7, 1.1)))
        return [Thing(box((-x, -y, 0), (x, y, dz)), board, BOX), Thing(strips, tone, BOX)]
    t = 0.006
    walls = box((-x, -y, 0), (x, y, t))
    for low, high in (((-x, -y, 0), (-x + t, y, dz)), ((x - t, -y, 0), (x, y, dz)),
                      ((-x, -y, 0), (x, -y + t, dz)), ((-x, y - t, 0), (x, y, dz))):  # fmt: skip
        walls += box(low, high)
    for k, (reach, wide) in enumerate([(x, dy), (y, dx), (x, dy), (y, dx)]):
        flap = box((0, -wide / 2, 0), (0.9 * min(x, y), wide / 2, 0.004))
        flap = turned(flap, "y", rng.uniform(-50, 60))
        walls += moved(moved(flap, reach, 0, dz), 0, 0, 0, 90 * k)
    return [Thing(walls, board, BOX)]


def crate(rng: Rng) -> list[Thing]:
    """A plastic tub with a lid, or an open crate of slats."""
    dx, dy, dz = rng.uniform(0.28, 0.42), rng.uniform(0.38, 0.6), rng.uniform(0.2, 0.34)
    x, y = dx / 2, dy / 2
    if rng.random() < 0.5:
        body = [loft([(0, 0, 0, x * 0.85, y * 0.85), (0, 0, dz, x, y)], 24, 0.35)]
        lid = moved(rounded_box((dx + 0.03, dy + 0.03, 0.035), 0.015, 1), 0, 0, dz)
        return [Thing(body, materials.plastic(rng), BOX), Thing(lid, materials.plastic(rng), BOX)]
    slats, count = [], int(rng.integers(3, 5))
    for z in np.linspace(0, dz, count + 1)[:-1]:
        high = dz / count * 0.75
        for side in (-1, 1):
            a, b = sorted((side * x, side * (x - 0.012)))
            slats.append(((a, -y, z), (b, y, z + high)))
            a, b = sorted((side * y, side * (y - 0.012)))
            slats.append(((-x, a, z), (x, b, z + high)))
    slats.append(((-x, -y, 0), (x, y, 0.012)))
    shape = boxes([low for low, _ in slats], [high for _, high in slats])
    kind = materials.wood if rng.random() < 0.6 else materials.plastic
    return [Thing(shape, kind(rng), BOX)]


def box_stack(rng: Rng) -> list[Thing]:
    """Two to four closed boxes on each other, the largest below."""
    things: list[Thing] = []
    z, size = 0.0, np.array([rng.uniform(0.35, 0.5), rng.uniform(0.4, 0.6), 0])
    for _ in range(int(rng.integers(2, 5))):
        size = size * rng.uniform(0.8, 1.0)
        size[2] = rng.uniform(0.2, 0.38)
        shift = rng.uniform(-0.03, 0.03, 2)
        things += placed(
            _carton(rng, tuple(size), False), shift[0], shift[1], z, rng.uniform(-12, 12)
        )
        z += size[2] + 0.001
    return things


def suitcase(rng: Rng) -> list[Thing]:
    """A hard case that stands on its long side, with a handle."""
    dx, dy, dz = rng.uniform(0.18, 0.26), rng.uniform(0.36, 0.48), rng.uniform(0.5, 0.68)
    wheels = [s for a in (-dx / 3, dx / 3) for b in (-dy / 3, dy / 3)
              for s in moved(ball(0.025, 6), a, b, 0.0247)]  # fmt: skip
    body = moved(rounded_box((dx, dy, dz), 0.045, swell=0.01), 0, 0, 0.04 + dz / 2)
    top, grip = 0.04 + dz, rng.choice([0.05, rng.uniform(0.2, 0.4)])
    handle: Shape = []
    for b in (-0.08, 0.08):
        handle += beam((-dx / 4, b, top - 0.02), (-dx / 4, b, top + grip), 0.014)
    handle += beam((-dx / 4, -0.09, top + grip), (-dx / 4, 0.09, top + grip), 0.022)
    return [
        Thing(body, materials.plastic(rng), BOX),
        Thing(handle + wheels, materials.metal(rng), BOX),
    ]


def small_box(rng: Rng) -> list[Thing]:
    """A parcel or a tin, small enough for a table."""
    size = (rng.uniform(0.08, 0.2), rng.uniform(0.1, 0.26), rng.uniform(0.05, 0.16))
    if rng.random() < 0.5:
        return _carton(rng, size, False)
    kinds = [materials.plastic, materials.metal, materials.wood, materials.cardboard]
    shape = moved(rounded_box(size, 0.008, 1), 0, 0, size[2] / 2)
    return [Thing(shape, kinds[rng.integers(4)](rng), BOX)]
