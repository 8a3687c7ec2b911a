# SPDX-License-Identifier: Apache-2.0
"""Balls, bottles and books, for the floor and for tables."""

from __future__ import annotations

import numpy as np

from training.scenes.shapes.flat import boxes
from training.scenes.shapes.patch import moved, turned
from training.scenes.shapes.round import lathe
from training.scenes.shapes.rounded import ball
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import plain
from training.scenes.things import BALL, BOOK, BOTTLE, Thing, placed

Rng = np.random.Generator


def toy_ball(rng: Rng) -> list[Thing]:
    """A football, a beach ball, a gymnastics ball."""
    radius = rng.choice([rng.uniform(0.09, 0.13), rng.uniform(0.13, 0.2), rng.uniform(0.25, 0.33)])
    shape = turned(turned(ball(radius, 20), "x", rng.uniform(0, 360)), "y", rng.uniform(0, 360))
    lowest = min(float(p.points[..., 2].min()) for p in shape)
    return [Thing(moved(shape, 0, 0, -lowest, rng.uniform(0, 360)), materials.ball_skin(rng), BALL)]


def bottle(rng: Rng) -> list[Thing]:
    """A bottle of wine, water or something for the kitchen, with a cap and mostly a label."""
    r, high = rng.uniform(0.03, 0.048), rng.uniform(0.2, 0.34)
    neck, shoulder = rng.uniform(0.011, 0.016), rng.uniform(0.55, 0.72) * high
    body = [(0, 0), (r * 0.96, 0), (r, 0.01), (r, shoulder), (r * 0.75, shoulder + 0.025),
            (neck, shoulder + 0.06), (neck, high), (0, high)]  # fmt: skip
    glass = materials.bottle_glass if rng.random() < 0.6 else materials.plastic
    things = [Thing([lathe(body, 12)], glass(rng), BOTTLE)]
    cap = [lathe([(neck * 1.25, high - 0.025), (neck * 1.25, high + 0.004), (0, high + 0.004)], 8)]
    things.append(Thing(cap, materials.plastic(rng), BOTTLE))
    if rng.random() < 0.75:
        low, up = sorted(rng.uniform(0.12, 0.95, 2) * shoulder)
        paper = [lathe([(r * 1.015, low), (r * 1.015, max(up, low + 0.05))], 12)]
        things.append(Thing(paper, materials.book_cover(rng), BOTTLE))
    return things


def bottles(rng: Rng) -> list[Thing]:
    """One to four beside each other."""
    things, count = [], int(rng.integers(1, 5))
    for k in range(count):
        things += placed(bottle(rng), rng.uniform(-0.03, 0.03), (k - (count - 1) / 2) * 0.12)
    return things


def book_stack(rng: Rng) -> list[Thing]:
    """One to six books that lie on each other."""
    things, z = [], 0.0
    pages = plain(232, 224, 204)
    for _ in range(int(rng.integers(1, 7))):
        x, y, thick = rng.uniform(0.07, 0.11), rng.uniform(0.1, 0.15), rng.uniform(0.015, 0.045)
        covers = boxes([(-x, -y, 0), (-x, -y, thick - 0.003), (-x, -y, 0)],
                              [(x, y, 0.003), (x, y, thick), (-x + 0.003, y, thick)])  # fmt: skip
        inner = boxes([(-x, -y + 0.004, 0.003)], [(x - 0.004, y - 0.004, thick - 0.003)])
        at = (rng.uniform(-0.015, 0.015), rng.uniform(-0.015, 0.015), z, rng.uniform(-25, 25))
        things.append(Thing(moved(covers, *at), materials.book_cover(rng), BOOK))
        things.append(Thing(moved(inner, *at), pages, BOOK))
        z += thick
    return things


def small_ball(rng: Rng) -> list[Thing]:
    """A tennis ball, an orange-sized toy."""
    radius = rng.uniform(0.03, 0.06)
    return [Thing(moved(ball(radius, 12), 0, 0, radius), materials.ball_skin(rng), BALL)]
