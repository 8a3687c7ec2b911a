# SPDX-License-Identifier: Apache-2.0
"""The pieces of furniture by name, how often each is met, and small things for their tops."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from training.scenes.furniture import (
    beds,
    boxes,
    lamps,
    plants,
    seating,
    shelves,
    sofas,
    storage,
    tables,
)
from training.scenes.furniture.people import everyday
from training.scenes.furniture.small import small_things
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
    "person": Piece(everyday.person, False, 2.5),
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


def on_table(rng: np.random.Generator) -> list[Thing]:
    """Something small: books, a bottle, a plant, a lamp, a box, a ball."""
    builds, shares = zip(*_ON_TABLE, strict=True)
    return builds[rng.choice(len(builds), p=shares)](rng)
