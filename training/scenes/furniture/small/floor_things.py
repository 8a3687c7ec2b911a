# SPDX-License-Identifier: Apache-2.0
"""Low things that lie about on floors, 2 to 20 cm high: shoes, cables, toys, cups, bags, clothes.

The classes have no names for most of it: it is unlabelled, and obstacle all the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from training.scenes.furniture.boxes import small_box
from training.scenes.furniture.small.small_things import book_stack, bottle, small_ball
from training.scenes.furniture.small.toys import toy
from training.scenes.shapes.flat import box, boxes
from training.scenes.shapes.patch import (
    Shape,
    above_floor,
    moved,
    on_floor,
    reverse,
    surface,
    turned,
)
from training.scenes.shapes.round import cylinder, lathe, loft, rod
from training.scenes.shapes.rounded import cushion, pillow, rounded_box
from training.scenes.surfaces import materials
from training.scenes.things import CUSHION, UNLABELLED, Thing, placed

Rng = np.random.Generator


def floor_thing(rng: Rng) -> list[Thing]:
    """Anything small, about the origin."""
    builds, shares = zip(*_KINDS, strict=True)
    weights = np.array(shares) / sum(shares)
    return builds[rng.choice(len(builds), p=weights)](rng)


def shoes(rng: Rng) -> list[Thing]:
    """A pair of shoes, boots or slippers, side by side or one kicked off; or one alone."""
    long, high = rng.uniform(0.2, 0.31), rng.uniform(0.07, 0.11)
    boot = rng.uniform(0.15, 0.3) if rng.random() < 0.2 else 0.0
    upper, sole = _any(rng, "leather", "fabric", "plastic"), materials.plastic(rng)
    things: list[Thing] = []
    for side in (-1, 1)[: 1 if rng.random() < 0.15 else 2]:
        wide = long * 0.19
        body = [loft([(0, 0, 0.015, long / 2, wide), (0.0, 0, 0.045, long * 0.48, wide * 0.95),
                      (-long * 0.12, 0, 0.065, long * 0.36, wide * 0.8),
                      (-long * 0.22, 0, high, long * 0.24, wide * 0.7)], 14, 0.8)]  # fmt: skip
        if boot:
            body += moved(cylinder(wide * 0.85, high * 0.8, high + boot), -long * 0.24, 0)
        under = [loft([(0, 0, 0, long * 0.51, wide * 1.03), (0, 0, 0.02, long * 0.52, wide * 1.05)],
                      14, 0.8)]  # fmt: skip
        tidy = rng.random() < 0.7
        yaw = rng.normal(0, 6 if tidy else 70)
        at = (rng.normal(0, 0.02 if tidy else 0.1), side * rng.uniform(0.06, 0.13), 0, yaw)
        lies = rng.random() < 0.12
        for shape, material in ((body, upper), (under, sole)):
            if lies:
                shape = on_floor(turned(shape, "x", 80 * side))
            things.append(Thing(moved(shape, *at), material, UNLABELLED))
    return things


def cable(rng: Rng) -> list[Thing]:
    """A cable in loops and bends on the floor, perhaps with a block of sockets at its end."""
    radius, steps = rng.uniform(0.003, 0.008), int(rng.integers(14, 34))
    turns = np.cumsum(rng.normal(0, rng.uniform(0.15, 0.5), steps)) + rng.uniform(0, 6)
    step = rng.uniform(0.03, 0.06)
    way = np.cumsum(step * np.stack([np.cos(turns), np.sin(turns)], axis=-1), axis=0)
    way -= way.mean(axis=0)
    across = np.stack([-np.sin(turns), np.cos(turns)], axis=-1)
    around = np.linspace(0, 2 * np.pi, 6)[None, :]
    flat = way[:, None] + radius * np.cos(around)[..., None] * across[:, None]
    high = np.broadcast_to(radius + radius * np.sin(around), flat.shape[:2])
    points = np.concatenate([flat, high[..., None]], axis=-1)
    uv = np.stack(np.broadcast_arrays(around / 6.3, np.linspace(0, 1, steps)[:, None]), axis=-1)
    tube = surface(points[:, ::-1], uv[:, ::-1])
    if tube.normals[0, 1, 2] * (tube.points[0, 1, 2] - radius) < 0:
        tube = reverse(tube)
    things = [Thing([tube], materials.plastic(rng), UNLABELLED)]
    if rng.random() < 0.5:
        block = moved(rounded_box((0.24, 0.06, 0.045), 0.008, 1), *way[-1], 0.0225,
                      float(np.degrees(turns[-1])))  # fmt: skip
        things.append(Thing(block, materials.painted_wood(rng), UNLABELLED))
    return things


def cup(rng: Rng) -> list[Thing]:
    """A mug with its handle, a paper cup, a glass, a bowl, a tin; now and then tipped over."""
    r, high = rng.uniform(0.03, 0.045), rng.uniform(0.07, 0.13)
    kind = rng.choice(["mug", "beaker", "bowl", "tin"])
    if kind == "bowl":
        r, high = rng.uniform(0.06, 0.14), rng.uniform(0.04, 0.09)
        profile = [(0, 0), (r * 0.5, 0), (r * 0.9, high * 0.6), (r, high), (r * 0.95, high),
                   (r * 0.6, high * 0.35), (0, high * 0.25)]  # fmt: skip
    elif kind == "tin":
        profile = [(0, 0), (r, 0), (r, high), (0, high)]
    else:
        foot = r * (1 if kind == "mug" else 0.72)
        profile = [(0, 0), (foot, 0), (r, high), (r * 0.9, high), (foot * 0.85, 0.01), (0, 0.01)]
    shape: Shape = [lathe(profile, 14)]
    if kind == "mug":
        for a, b in (((r, 0, 0.25 * high), (r + 0.025, 0, 0.35 * high)),
                     ((r + 0.025, 0, 0.35 * high), (r + 0.025, 0, 0.7 * high)),
                     ((r + 0.025, 0, 0.7 * high), (r, 0, 0.8 * high))):  # fmt: skip
            shape += rod(a, b, 0.005, segments=6)
    if kind != "bowl" and rng.random() < 0.15:
        shape = on_floor(turned(shape, "y", 90))
    return [Thing(shape, _any(rng, "ceramic", "ceramic", "plastic", "metal"), UNLABELLED)]


def bag(rng: Rng) -> list[Thing]:
    """A rucksack, a handbag, a sack: stuffed and slumped."""
    x, y, z = rng.uniform(0.12, 0.22), rng.uniform(0.22, 0.42), rng.uniform(0.15, 0.42)
    body = pillow((x, y, z), rng.uniform(0.35, 0.7), 16)
    body = on_floor(turned(body, "y", rng.uniform(-18, 18)))
    things = [Thing(body, _any(rng, "fabric", "leather", "plastic"), UNLABELLED)]
    if rng.random() < 0.6:
        pocket = pillow((x * 0.5, y * 0.7, z * 0.5), 0.4, 12)
        pocket = moved(pocket, x * 0.45, 0, z * 0.3)
        things.append(Thing(above_floor(pocket), _any(rng, "fabric", "leather"), UNLABELLED))
    return things


def heap_of_clothes(rng: Rng) -> list[Thing]:
    """A jumper or a towel that was dropped."""
    size, high = rng.uniform(0.15, 0.4), rng.uniform(0.03, 0.14)
    t = np.linspace(-1, 1, 13)
    a, b = np.meshgrid(t, t)
    reach = np.hypot(a, b)
    phase = rng.uniform(0, 6, 5)
    folds = np.sin(4 * a + phase[0] + 2 * np.sin(3 * b + phase[1]))
    folds = folds + np.sin(5 * b + phase[2] - 3 * a)
    z = np.maximum(high * (1 - reach**2) * (0.75 + 0.22 * folds), 0) + 0.003
    outline = 1 + 0.2 * np.sin(3 * np.arctan2(b, a) + phase[3])
    points = np.stack([size * a * outline, 0.8 * size * b * outline, z], axis=-1)
    uv = np.stack([a * size, b * size], axis=-1)
    return [Thing([surface(points, uv)], materials.cloth(rng), UNLABELLED)]


def papers(rng: Rng) -> list[Thing]:
    """Sheets, magazines, an open book: nearly flat."""
    things = []
    for k in range(int(rng.integers(1, 5))):
        x, y, thick = rng.uniform(0.07, 0.12), rng.uniform(0.1, 0.16), rng.uniform(0.001, 0.008)
        sheet = box((-x, -y, 0.001 * k), (x, y, 0.001 * k + thick))
        at = (*rng.normal(0, 0.08, 2), 0, rng.uniform(0, 180))
        paper = materials.poster(rng, (2 * x, 2 * y))
        things.append(Thing(moved(sheet, *at), paper, UNLABELLED))
    return things


def bin_or_bucket(rng: Rng) -> list[Thing]:
    """A waste-paper basket, a bucket, a pet's bowl."""
    r, high = rng.uniform(0.09, 0.17), rng.uniform(0.08, 0.36)
    foot = r * rng.uniform(0.65, 1.0)
    profile = [(0, 0), (foot, 0), (r, high), (r * 0.95, high), (foot * 0.92, 0.02), (0, 0.02)]
    shape = [lathe(profile, 18)]
    return [Thing(shape, _any(rng, "plastic", "metal", "wood"), UNLABELLED)]


def tool(rng: Rng) -> list[Thing]:
    """A stick, a broom that lies, a dumb-bell, a remote control."""
    kind = rng.integers(3)
    if kind == 0:
        long, r = rng.uniform(0.3, 1.2), rng.uniform(0.008, 0.018)
        stick = rod((-long / 2, 0, r), (long / 2, 0, r), r)
        head = rounded_box((0.05, rng.uniform(0.1, 0.35), 0.05), 0.01, 1)
        stick += moved(head, long / 2, 0, 0.026)
        return [Thing(above_floor(stick), _any(rng, "wood", "metal", "plastic"), UNLABELLED)]
    if kind == 1:
        long, r = rng.uniform(0.14, 0.22), rng.uniform(0.03, 0.06)
        shape = rod((-long / 2, 0, r), (long / 2, 0, r), 0.014)
        disc = turned(cylinder(r, -0.025, 0.025, segments=12), "y", 90)
        shape += moved(disc, -long / 2, 0, r) + moved(disc, long / 2, 0, r)
        return [Thing(shape, _any(rng, "metal", "plastic"), UNLABELLED)]
    size = (rng.uniform(0.1, 0.2), rng.uniform(0.04, 0.07), rng.uniform(0.015, 0.03))
    shape = moved(rounded_box(size, 0.006, 1), 0, 0, size[2] / 2)
    return [Thing(shape, _any(rng, "plastic", "metal"), UNLABELLED)]


def scale(rng: Rng) -> list[Thing]:
    """Something flat and square: a bathroom scale, a robot vacuum, a tray, a games box."""
    if rng.random() < 0.5:
        r, high = rng.uniform(0.14, 0.18), rng.uniform(0.07, 0.1)
        shape = [lathe([(0, 0.01), (r, 0.01), (r, high * 0.85), (r * 0.96, high), (0, high)], 24)]
        return [Thing(shape, _any(rng, "plastic", "metal"), UNLABELLED)]
    size = (rng.uniform(0.2, 0.45), rng.uniform(0.2, 0.4), rng.uniform(0.02, 0.08))
    shape = moved(rounded_box(size, 0.01, 1), 0, 0, size[2] / 2)
    return [Thing(shape, _any(rng, "plastic", "wood", "metal"), UNLABELLED)]


def floor_cushion(rng: Rng) -> list[Thing]:
    """A cushion that fell or that is sat on."""
    side, thick = rng.uniform(0.3, 0.6), rng.uniform(0.08, 0.18)
    shape = on_floor(turned(cushion(side, side, thick), "y", -90 + rng.uniform(-6, 6)))
    return [Thing(above_floor(shape), materials.fabric(rng), CUSHION)]


def lying_bottle(rng: Rng) -> list[Thing]:
    """A bottle, upright or rolled away."""
    things = bottle(rng)
    if rng.random() < 0.6:
        return things
    lying = [Thing(turned(t.shape, "y", 90), t.material, t.label) for t in things]
    low = min(float(p.points[..., 2].min()) for t in lying for p in t.shape)
    return placed(lying, 0, 0, -low)


def planks(rng: Rng) -> list[Thing]:
    """Boards, a folded rule, a low step."""
    long, count = rng.uniform(0.3, 1.4), int(rng.integers(1, 4))
    low = [(-long / 2, 0.12 * k - 0.05, 0) for k in range(count)]
    up = [(long / 2, 0.12 * k + 0.05, rng.uniform(0.015, 0.06)) for k in range(count)]
    return [Thing(boxes(low, up), _any(rng, "wood", "metal", "plastic"), UNLABELLED)]


def _any(rng: Rng, *names: str) -> Any:
    return getattr(materials, names[rng.integers(len(names))])(rng)


_KINDS = [
    (shoes, 3.0), (cable, 1.6), (cup, 1.6), (toy, 2.6), (bag, 1.4), (heap_of_clothes, 1.0),
    (papers, 0.8), (bin_or_bucket, 1.4), (tool, 1.0), (scale, 0.8), (floor_cushion, 0.5),
    (lying_bottle, 1.0), (book_stack, 0.8), (small_ball, 0.9), (small_box, 1.2), (planks, 0.5),
]  # fmt: skip
