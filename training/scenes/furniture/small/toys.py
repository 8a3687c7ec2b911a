# SPDX-License-Identifier: Apache-2.0
"""Toys on the floor: cars, blocks, rings, stuffed animals; unlabelled."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.flat import box
from training.scenes.shapes.patch import Shape, above_floor, moved, on_floor, scaled, turned
from training.scenes.shapes.round import capsule, cylinder
from training.scenes.shapes.rounded import ball, rounded_box
from training.scenes.surfaces import materials
from training.scenes.things import UNLABELLED, Thing

Rng = np.random.Generator


def toy(rng: Rng) -> list[Thing]:
    """A car, building blocks, a ring tower, a doll or a stuffed animal."""
    return _TOYS[rng.integers(len(_TOYS))](rng)


def _car(rng: Rng) -> list[Thing]:
    long = rng.uniform(0.1, 0.3)
    wide, high = long * rng.uniform(0.4, 0.5), long * rng.uniform(0.28, 0.5)
    r = long * 0.13
    body = moved(rounded_box((long, wide, high * 0.5), long * 0.05, 1), 0, 0, r + high * 0.2)
    cabin = rounded_box((long * 0.5, wide * 0.85, high * 0.5), long * 0.07, 1)
    cabin = moved(cabin, -long * 0.05, 0, r + high * 0.6)
    wheel = turned(cylinder(r, -0.01, 0.01, segments=10), "x", 90)
    places = [(a * long, b * wide) for a in (-0.3, 0.3) for b in (-0.5, 0.5)]
    wheels = [patch for place in places for patch in moved(wheel, *place, r)]
    return [
        Thing(body, materials.plastic(rng), UNLABELLED),
        Thing(cabin, materials.plastic(rng), UNLABELLED),
        Thing(wheels, materials.leather(rng), UNLABELLED),
    ]


def _blocks(rng: Rng) -> list[Thing]:
    things, side = [], rng.uniform(0.025, 0.07)
    for _ in range(int(rng.integers(2, 9))):
        size = side * rng.choice([1.0, 1.0, 2.0], 2)
        level = side * int(rng.integers(0, 3)) if rng.random() < 0.3 else 0.0
        block = box((0, 0, level), (*size, level + side))
        at = rng.normal(0, 2.2 * side, 2)
        shape = moved(block, *at, 0, rng.uniform(0, 90))
        things.append(Thing(shape, materials.plastic(rng), UNLABELLED))
    return things


def _rings(rng: Rng) -> list[Thing]:
    things, z, r = [], 0.0, rng.uniform(0.05, 0.08)
    for _ in range(int(rng.integers(3, 6))):
        ring = scaled(ball(1.0, 12), r, r, 0.018)
        things.append(Thing(moved(ring, 0, 0, z + 0.018), materials.plastic(rng), UNLABELLED))
        z, r = z + 0.032, r * 0.87
    return things


def _animal(rng: Rng) -> list[Thing]:
    size = rng.uniform(0.05, 0.1)
    trunk = moved(scaled(ball(1.0, 12), 1.0 * size, 0.8 * size, 0.9 * size), 0, 0, 0.9 * size)
    head = moved(
        scaled(ball(1.0, 10), 0.7 * size, 0.7 * size, 0.65 * size), 0.5 * size, 0, 2 * size
    )
    limbs: Shape = []
    for side in (-1, 1):
        limbs += moved(ball(0.25 * size, 8), 0.4 * size, 0.5 * side * size, 2.6 * size)
        limbs += capsule(
            (0.5 * size, 0.6 * side * size, 0.35 * size),
            (1.3 * size, 0.7 * side * size, 0.3 * size),
            0.3 * size,
            0.28 * size,
            8,
        )
        limbs += capsule(
            (0.2 * size, 0.7 * side * size, 1.4 * size),
            (0.8 * size, 1.0 * side * size, 1.0 * size),
            0.2 * size,
            0.2 * size,
            8,
        )
    shape = trunk + head + limbs
    if rng.random() < 0.35:
        shape = on_floor(turned(shape, "y", rng.choice([-80.0, 75.0])))
    return [Thing(above_floor(shape), materials.fabric(rng), UNLABELLED)]


_TOYS = (_car, _blocks, _blocks, _rings, _animal, _animal)
