# SPDX-License-Identifier: Apache-2.0
"""Pieces of furniture that belong together, built about the origin with their front along +x."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from training.scenes.furniture.footprint import Footprint, measure_footprint
from training.scenes.furniture.pieces import PIECES, on_table
from training.scenes.rooms.wall_things import rug
from training.scenes.things import CABINET, TABLE, Thing, placed


class Part(NamedTuple):
    """Things at their place in the group, and the floor they take."""

    things: list[Thing]
    footprint: Footprint


Group = list[Part]

# Names for several pieces of the furniture, which are as frequent as it says.
FAMILIES = {
    "shelves": ("bookshelf", "storage_rack"),
    "table": ("dining_table", "round_table"),
    "seat": ("chair", "armchair"),
}

_FLAT_M = 0.05  # lower things, such as rugs, may lie under others


def part(things: list[Thing], x: float = 0, y: float = 0, yaw_deg: float = 0) -> Part:
    """The things at a place of the group."""
    footprint = measure_footprint(things)
    if x or y or yaw_deg:
        things = placed(things, x, y, 0, yaw_deg)
    return Part(things, footprint.placed(x, y, yaw_deg))


def lies_flat(one: Part) -> bool:
    """Whether others may stand on it."""
    return one.footprint.top < _FLAT_M


def build(rng: np.random.Generator, name: str) -> list[Thing]:
    """A piece by its name or by that of its family."""
    names = FAMILIES.get(name, (name,))
    shares = np.array([PIECES[one].share for one in names])
    chosen = names[rng.choice(len(names), p=shares / shares.sum())]
    return PIECES[chosen].build(rng)


def wants_wall(name: str) -> bool:
    """Whether the back of a piece or of a group stands against a wall."""
    if name in BESPOKE:
        return name != "dining"
    return PIECES[FAMILIES.get(name, (name,))[0]].against_wall


def single(rng: np.random.Generator, name: str) -> Group:
    """One piece; small things stand on it, if it is a low cabinet or a table."""
    things = build(rng, name)
    if rng.random() < 0.8:
        things = things + on_top(rng, things, int(rng.integers(1, 5)))
    return [part(things)]


def on_top(rng: np.random.Generator, things: list[Thing], count: int) -> list[Thing]:
    """Small things for the top of a table or of a low cabinet; none for anything else."""
    tops = [t for t in things if t.label in (TABLE, CABINET)]
    if not tops or len(tops) * 2 < len([t for t in things if t.label not in (TABLE, CABINET)]):
        return []
    x0, y0, x1, y1, top = measure_footprint(tops)
    if top > 1.35 or min(x1 - x0, y1 - y0) < 0.25:
        return []
    middle, half = np.array([x0 + x1, y0 + y1]) / 2, np.array([x1 - x0, y1 - y0]) / 2
    taken: list[Footprint] = []
    result: list[Thing] = []
    for _ in range(count):
        small = on_table(rng)
        size = measure_footprint(small)
        room = half - max(size.x1 - size.x0, size.y1 - size.y0) / 2 - 0.04
        if room.min() < 0 or size.top > 0.7:
            continue
        # Within the ellipse in the middle of the top, which suits round tables too.
        turn, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 0.85))
        x, y = middle + room * reach * (np.cos(turn), np.sin(turn))
        yaw = float(rng.uniform(-180, 180))
        here = size.placed(x, y, yaw)
        if not any(here.overlaps(other, 0.02) for other in taken):
            taken.append(here)
            result += placed(small, x, y, top, yaw)
    return result


def dining(rng: np.random.Generator) -> Group:
    """A table with chairs that face it."""
    table = build(rng, "table")
    x0, y0, x1, y1, _ = measure_footprint(table)
    group = [part(table + on_top(rng, table, int(rng.integers(0, 6))))]
    chair = build(rng, "chair")
    front = measure_footprint(chair)[2]
    for yaw in (0.0, 90.0, 180.0, 270.0):
        deep, along = (x1 - x0, y1 - y0) if yaw % 180 == 0 else (y1 - y0, x1 - x0)
        c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
        seats = max(1, int(along / 0.62))
        for seat in range(seats):
            if rng.random() < 0.25:
                continue
            away = rng.uniform(-0.2, 0.12) + (0.25 if rng.random() < 0.15 else 0)
            reach = deep / 2 + front + away
            shift = ((seat + 0.5) / seats - 0.5) * along + rng.normal(0, 0.03)
            x, y = (x0 + x1) / 2 - reach * c - shift * s, (y0 + y1) / 2 - reach * s + shift * c
            group.append(part(chair, x, y, yaw + rng.normal(0, 9)))
    if rng.random() < 0.3:
        group.append(part(rug(rng, x1 - x0 + 1.2, y1 - y0 + 1.2)))
    return group


def desk(rng: np.random.Generator) -> Group:
    """A desk with a chair before it."""
    table = build(rng, "desk")
    front = measure_footprint(table)[2]
    chair = build(rng, "office_chair" if rng.random() < 0.6 else "chair")
    away = rng.uniform(-0.1, 0.3) + measure_footprint(chair)[2]
    turn = 180 + rng.normal(0, 30)
    small = on_top(rng, table, int(rng.integers(1, 6)))
    return [part(table + small), part(chair, front + away, rng.uniform(-0.2, 0.2), turn)]


def lounge(rng: np.random.Generator) -> Group:
    """A sofa, a low table and a rug before it, now and then an armchair beside it."""
    sofa = build(rng, "sofa")
    x0, y0, x1, y1, _ = measure_footprint(sofa)
    group = [part(sofa)]
    middle = (y0 + y1) / 2
    end = x1 + 0.3
    if rng.random() < 0.85:
        table = build(rng, "coffee_table")
        low, _, high, _, _ = measure_footprint(table)
        at = x1 + rng.uniform(0.3, 0.5) - low
        end = at + high
        table = table + on_top(rng, table, int(rng.integers(0, 4)))
        group.append(part(table, at, middle + rng.uniform(-0.2, 0.2), rng.normal(0, 4)))
    if rng.random() < 0.75:
        size = (end - x1 + rng.uniform(0.7, 1.3), (y1 - y0) * rng.uniform(0.7, 1.1))
        group.append(part(rug(rng, *size), (x1 + end) / 2, middle, rng.normal(0, 2)))
    if rng.random() < 0.4:
        chair = build(rng, "seat")
        side = rng.choice([-1, 1])
        y = middle + side * ((y1 - y0) / 2 + rng.uniform(0.3, 0.6))
        group.append(part(chair, end + 0.3, y, 180 + side * rng.uniform(20, 80)))
    return group


def bed(rng: np.random.Generator) -> Group:
    """A bed, low cabinets with a lamp or with books on its sides, now and then a rug."""
    bedstead = build(rng, "bed")
    x0, y0, x1, y1, _ = measure_footprint(bedstead)
    group = [part(bedstead)]
    for side, edge in ((-1, y0), (1, y1)):
        if rng.random() < 0.35:
            continue
        cabinet = build(rng, "bedside")
        low, left, right_x, right, top = measure_footprint(cabinet)
        if rng.random() < 0.6:
            middle = (low + right_x) / 2, (left + right) / 2
            cabinet = cabinet + placed(build(rng, "table_lamp"), *middle, top)
        else:
            cabinet = cabinet + on_top(rng, cabinet, 2)
        gap = rng.uniform(0.03, 0.15)
        y = edge + side * gap - (right if side < 0 else left)
        group.append(part(cabinet, x0 - low, y))
    if rng.random() < 0.5:
        size = (rng.uniform(1.2, 2.0), (y1 - y0) + rng.uniform(0.2, 1.2))
        group.append(part(rug(rng, *size), x1 - rng.uniform(0.0, 0.5), (y0 + y1) / 2))
    return group


BESPOKE = {"dining": dining, "desk": desk, "lounge": lounge, "bed": bed}


def named(rng: np.random.Generator, name: str) -> Group:
    """The group of this name, or the single piece where there is none."""
    bespoke = BESPOKE.get(name)
    return bespoke(rng) if bespoke else single(rng, name)
