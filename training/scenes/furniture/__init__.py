# SPDX-License-Identifier: Apache-2.0
"""Furniture and small things: each piece about the origin, on z = 0, its front along +x."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from training.scenes.floor_plan import Footprint
from training.scenes.furniture import (
    beds,
    boxes,
    lamps,
    people,
    plants,
    seating,
    shelves,
    small_things,
    sofas,
    storage,
    tables,
)
from training.scenes.things import Thing

Build = Callable[[np.random.Generator], list[Thing]]


class Piece(NamedTuple):
    """A piece's maker, whether its back wants a wall, and its relative frequency."""

    build: Build
    against_wall: bool
    share: float


PIECES = {
    "chair": Piece(seating.chair, False, 3.0),
    "office_chair": Piece(seating.office_chair, False, 1.0),
    "armchair": Piece(sofas.armchair, False, 1.0),
    "sofa": Piece(sofas.sofa, True, 2.0),
    "dining_table": Piece(tables.dining_table, False, 1.2),
    "round_table": Piece(tables.round_table, False, 0.8),
    "coffee_table": Piece(tables.coffee_table, False, 1.2),
    "side_table": Piece(tables.side_table, False, 0.6),
    "desk": Piece(tables.desk, True, 1.5),
    "wardrobe": Piece(storage.wardrobe, True, 1.2),
    "sideboard": Piece(storage.sideboard, True, 1.2),
    "cabinet": Piece(storage.cabinet, True, 1.8),
    "bedside": Piece(storage.bedside, True, 0.6),
    "bookshelf": Piece(shelves.bookshelf, True, 2.0),
    "storage_rack": Piece(shelves.storage_rack, True, 0.8),
    "bed": Piece(beds.bed, True, 2.0),
    "person": Piece(people.person, False, 2.5),
    "plant": Piece(plants.plant, False, 2.0),
    "standing_lamp": Piece(lamps.standing_lamp, False, 1.5),
    "table_lamp": Piece(lamps.table_lamp, False, 0.3),
    "box": Piece(boxes.some_box, False, 2.0),
    "ball": Piece(small_things.toy_ball, False, 1.2),
    "bottle": Piece(small_things.bottles, False, 0.4),
}

# What is put on tables and cabinets, and how often.
_ON_TABLE: list[tuple[Build, float]] = [
    (small_things.book_stack, 0.28),
    (small_things.bottle, 0.22),
    (plants.table_plant, 0.2),
    (lamps.table_lamp, 0.15),
    (boxes.small_box, 0.1),
    (small_things.small_ball, 0.05),
]


def footprint(things: list[Thing]) -> Footprint:
    """Floor area that the things take."""
    patches = [patch.points.reshape(-1, 3) for thing in things for patch in thing.shape]
    points = np.concatenate(patches)
    (x0, y0, _), (x1, y1, top) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Footprint(x0, y0, x1, y1, top)


def on_table(rng: np.random.Generator) -> list[Thing]:
    """Something small: books, a bottle, a plant, a lamp, a box, a ball."""
    builds, shares = zip(*_ON_TABLE, strict=True)
    return builds[rng.choice(len(builds), p=shares)](rng)
