# SPDX-License-Identifier: Apache-2.0
"""Clutter of a furnished room: things on the floor, rows of the same, mats, machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from training.scenes.furniture import household
from training.scenes.furniture.footprint import Footprint, measure_footprint
from training.scenes.furniture.people.figures import figure
from training.scenes.furniture.rugs import any_rug, door_mat
from training.scenes.furniture.small.floor_things import floor_thing
from training.scenes.rooms import groups
from training.scenes.rooms.floor_plan import FloorPlan
from training.scenes.rooms.groups import Group, part
from training.scenes.rooms.layout import against_wall, free_standing
from training.scenes.surfaces import materials
from training.scenes.surfaces.any_covering import worn
from training.scenes.surfaces.material import Material
from training.scenes.things import CABINET, DOOR, FLOOR, LIGHT, RUG, TABLE, WINDOW, Thing, placed

Rng = np.random.Generator

_REPEATED = ("chair", "chair", "box", "plant", "bottle", "ball", "office_chair", "bookshelf")
_ALREADY_MADE = {WINDOW, LIGHT}
_MOST_TAKEN = 0.55  # of the floor

# Household pieces, which stand at walls, and the chance of one in rooms of each kind.
_PIECES: list[tuple[Callable[[Rng], list[Thing]], dict[str, float]]] = [
    (household.kitchen, {"dining": 0.7, "living": 0.12, "office": 0.08, "storage": 0.1}),
    (household.tall_machine, {"dining": 0.45, "storage": 0.3, "office": 0.12, "corridor": 0.1}),
    (household.low_machine, {"dining": 0.35, "storage": 0.4, "office": 0.3, "bedroom": 0.1}),
    (household.television, {"living": 0.55, "bedroom": 0.25, "dining": 0.1, "office": 0.1}),
    (household.radiator, dict.fromkeys(("living", "bedroom", "office", "dining",
                                              "storage", "corridor"), 0.45)),
    (household.stairs, {"corridor": 0.12, "storage": 0.1, "living": 0.05}),
]  # fmt: skip


def household_pieces(rng: Rng, plan: FloorPlan, kind: str) -> list[Thing]:
    """Machines, screens, radiators and kitchens at the walls."""
    things: list[Thing] = []
    for build, chances in _PIECES:
        if rng.random() < chances.get(kind, 0.03):
            things += against_wall(rng, plan, [part(build(rng))])
    return things


def company(rng: Rng, plan: FloorPlan) -> list[Thing]:
    """More people, and rows or clusters of one kind of thing."""
    things: list[Thing] = []
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.55, 0.25, 0.14, 0.06]))):
        things += free_standing(rng, plan, [part(figure(rng))])
    if rng.random() < 0.45 and plan.share_taken < _MOST_TAKEN:
        group, at_wall = _several(rng)
        things += (against_wall if at_wall else free_standing)(rng, plan, group)
    return things


def _several(rng: Rng) -> tuple[Group, bool]:
    """Two to five of a kind side by side, all alike or each its own; and whether at a wall."""
    name = _REPEATED[rng.integers(len(_REPEATED))]
    count, alike = int(rng.integers(2, 6)), rng.random() < 0.6
    group: Group = []
    y, piece = 0.0, groups.build(rng, name)
    for _ in range(count):
        if not alike:
            piece = groups.build(rng, name)
        low = measure_footprint(piece)
        y -= low.y0
        tidy = 0.0 if name == "bookshelf" else float(rng.normal(0, 8))
        group.append(part(piece, float(rng.normal(0, 0.03)) - low.x0 - 0.2, y, tidy))
        y += low.y1 + rng.uniform(0.03, 0.25)
    return group, bool(name == "bookshelf" or rng.random() < 0.6)


def on_floor(rng: Rng, plan: FloorPlan) -> list[Thing]:
    """Small things, from none in a tidy room to dozens in a child's, many of them in heaps."""
    count = int(rng.choice([0, rng.integers(1, 6), rng.integers(6, 16), rng.integers(16, 34)],
                           p=[0.12, 0.38, 0.35, 0.15]))  # fmt: skip
    things: list[Thing] = []
    taken: list[Footprint] = []
    middle = np.array([plan.length, plan.width]) / 2
    for _ in range(count):
        thing = floor_thing(rng)
        size = measure_footprint(thing)
        if rng.random() < 0.3:
            middle = rng.uniform((0.3, 0.3), (plan.length - 0.3, plan.width - 0.3))
        for _ in range(6):
            near = rng.random() < 0.5
            x, y = rng.normal(middle, 0.5) if near else rng.uniform(
                (0.1, 0.1), (plan.length - 0.1, plan.width - 0.1)
            )  # fmt: skip
            yaw = float(rng.uniform(-180, 180))
            here = size.placed(x, y, yaw)
            low = size.top < 0.03
            if any(here.overlaps(one) for one in taken) or not _has_room(plan, here, low):
                continue
            taken.append(here)
            things += placed(thing, x, y, 0.012 if low else 0.0, yaw)
            break
    return things


def _has_room(plan: FloorPlan, here: Footprint, flat: bool) -> bool:
    inside = here.x0 > 0.02 and here.y0 > 0.02
    inside = inside and here.x1 < plan.length - 0.02 and here.y1 < plan.width - 0.02
    return inside and (flat or not any(here.overlaps(one) for one in plan.footprints))


def rugs(rng: Rng, plan: FloorPlan) -> list[Thing]:
    """Loose rugs anywhere, and mats before doors."""
    things: list[Thing] = []
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.45, 0.33, 0.15, 0.07]))):
        length = rng.uniform(0.6, min(3.2, 0.8 * plan.length))
        width = rng.uniform(0.5, min(2.2, 0.85 * plan.width))
        x, y = rng.uniform((0.2, 0.2), (0.8, 0.8)) * (plan.length, plan.width)
        x = float(np.clip(x, min(length / 2 + 0.06, plan.length / 2),
                          max(plan.length - length / 2 - 0.06, plan.length / 2)))  # fmt: skip
        y = float(np.clip(y, min(width / 2 + 0.06, plan.width / 2),
                          max(plan.width - width / 2 - 0.06, plan.width / 2)))  # fmt: skip
        turn = float(rng.normal(0, 4) if rng.random() < 0.7 else rng.uniform(-12, 12))
        things += placed(any_rug(rng, length * 0.9, width * 0.9), x, y, 0.0006 * len(things), turn)
    for before in plan.clear:
        if rng.random() < 0.25:
            x, y = (before.x0 + before.x1) / 2, (before.y0 + before.y1) / 2
            along_x = before.x1 - before.x0 > before.y1 - before.y0
            things += placed(door_mat(rng), x, y, 0.002, 90.0 if along_x else 0.0)
    return things


def more_on_tops(rng: Rng, things: list[Thing]) -> list[Thing]:
    """Cups, papers, laptops and screens on tables and low cabinets."""
    result: list[Thing] = []
    for thing in things:
        if thing.label not in (TABLE, CABINET) or rng.random() < 0.35:
            continue
        x0, y0, x1, y1, top = measure_footprint([thing])
        if not 0.3 < top < 1.2 or min(x1 - x0, y1 - y0) < 0.35:
            continue
        for _ in range(int(rng.integers(1, 4))):
            small = household.table_thing(rng)
            size = measure_footprint(small)
            reach = max(size.x1 - size.x0, size.y1 - size.y0) / 2 + 0.03
            if 2 * reach < min(x1 - x0, y1 - y0):
                at = rng.uniform((x0 + reach, y0 + reach), (x1 - reach, y1 - reach))
                result += placed(small, *at, top + 0.001, float(rng.uniform(-180, 180)))
    return result


def varied(rng: Rng, things: list[Thing]) -> list[Thing]:
    """The things, some of them worn, polished, of another colour or of an unlikely material."""
    oddness = float(rng.choice([0.0, 0.05, 0.25], p=[0.4, 0.4, 0.2]))
    polish = float(rng.choice([0.0, 0.15, 0.5], p=[0.45, 0.35, 0.2]))
    return [
        t if t.label in _ALREADY_MADE else replace(t, material=_other(rng, t, oddness, polish))
        for t in things
    ]


def _other(rng: Rng, thing: Thing, oddness: float, polish: float) -> Material:
    material = thing.material
    if material.glow:
        return material
    # A rug of planks or a floor of cloth would teach that nothing tells one from the other.
    if rng.random() < oddness and thing.label not in (FLOOR, RUG):
        kinds = (materials.fabric, materials.wood, materials.painted_wood, materials.metal,
                 materials.plastic, materials.cloth, materials.wall_covering,
                 materials.floor_covering, materials.leather, materials.cardboard)  # fmt: skip
        made: Material = kinds[rng.integers(len(kinds))](rng)
        return made
    if rng.random() < 0.4:
        tint = np.exp(rng.normal(0, 0.22) + rng.normal(0, 0.08, 3)).astype(np.float32)
        material = replace(material, albedo=(material.albedo * tint).clip(0.01, 0.95))
    if rng.random() < 0.3:
        material = worn(rng, material, rng.uniform(0.03, 0.2))
    if thing.label in (CABINET, TABLE, DOOR) and rng.random() < polish and not material.gloss:
        material = replace(material, gloss=float(rng.uniform(0.4, 1.8)))
    return material
