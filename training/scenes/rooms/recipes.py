# SPDX-License-Identifier: Apache-2.0
"""Contents of each kind of room: a name of `groups` or of the furniture, its chance, how many."""

from __future__ import annotations

from typing import NamedTuple

Entry = tuple[str, float, int]


class Recipe(NamedTuple):
    """Recipe of one kind of room; lengths in metres.

    Attributes:
        share: how many of all rooms are of this kind.
        length: least and greatest.
        width: least and greatest.
        pieces: furniture, the most important first.
        clutter: people and small things that stand anywhere.
        pictures: for each metre of wall.
        shelves: for each metre of wall.
        rug: the chance of a rug that belongs to nothing.
        many_lamps: the chance of lamps in a grid.
    """

    share: float
    length: tuple[float, float]
    width: tuple[float, float]
    pieces: tuple[Entry, ...]
    clutter: tuple[Entry, ...]
    pictures: float = 0.2
    shelves: float = 0.05
    rug: float = 0.2
    many_lamps: float = 0.1


_PEOPLE: Entry = ("person", 0.14, 3)

RECIPES = {
    "living": Recipe(
        0.25, (3.5, 8.0), (3.2, 6.0),
        (("lounge", 0.97, 1), ("shelves", 0.5, 2), ("sideboard", 0.5, 1), ("dining", 0.4, 1),
         ("cabinet", 0.4, 1), ("standing_lamp", 0.6, 2), ("armchair", 0.4, 1), ("desk", 0.15, 1),
         ("plant", 0.6, 2)),
        (_PEOPLE, ("ball", 0.35, 2), ("box", 0.2, 2), ("chair", 0.2, 1), ("bottle", 0.3, 2)),
    ),
    "bedroom": Recipe(
        0.2, (2.8, 5.5), (2.8, 4.6),
        (("bed", 1.0, 1), ("wardrobe", 0.7, 1), ("cabinet", 0.4, 1), ("desk", 0.3, 1),
         ("shelves", 0.35, 1), ("armchair", 0.25, 1), ("standing_lamp", 0.4, 1),
         ("plant", 0.4, 1)),
        (_PEOPLE, ("ball", 0.35, 2), ("box", 0.25, 2), ("chair", 0.35, 1), ("bottle", 0.35, 2)),
    ),
    "office": Recipe(
        0.17, (3.0, 8.0), (2.8, 6.0),
        (("desk", 0.95, 3), ("shelves", 0.6, 2), ("cabinet", 0.6, 2), ("dining", 0.3, 1),
         ("desk", 0.4, 2), ("standing_lamp", 0.25, 1), ("sofa", 0.2, 1), ("plant", 0.5, 2)),
        (_PEOPLE, ("box", 0.35, 3), ("chair", 0.3, 2), ("bottle", 0.25, 2),
         ("ball", 0.12, 1)),
        many_lamps=0.8, rug=0.1,
    ),
    "dining": Recipe(
        0.12, (3.0, 6.0), (2.8, 5.0),
        (("dining", 1.0, 1), ("sideboard", 0.7, 1), ("cabinet", 0.5, 2), ("sofa", 0.25, 1),
         ("dining", 0.4, 2), ("standing_lamp", 0.4, 1), ("shelves", 0.3, 1), ("plant", 0.6, 2)),
        (_PEOPLE, ("ball", 0.25, 1), ("bottle", 0.35, 2), ("chair", 0.3, 2), ("box", 0.15, 1)),
    ),
    "storage": Recipe(
        0.1, (2.8, 6.0), (2.8, 5.0),
        (("shelves", 0.8, 3), ("cabinet", 0.6, 2), ("wardrobe", 0.4, 1), ("desk", 0.3, 1),
         ("box", 0.9, 4)),
        (_PEOPLE, ("box", 0.7, 7), ("ball", 0.5, 3), ("bottle", 0.4, 4), ("chair", 0.4, 2),
         ("plant", 0.2, 1), ("standing_lamp", 0.2, 1)),
        pictures=0.06, shelves=0.12, rug=0.05, many_lamps=0.4,
    ),
    "corridor": Recipe(
        0.16, (5.0, 12.0), (1.2, 2.2),
        (("cabinet", 0.35, 2), ("chair", 0.3, 2), ("shelves", 0.3, 1), ("plant", 0.4, 2),
         ("standing_lamp", 0.2, 1)),
        (("person", 0.2, 3), ("box", 0.35, 3), ("ball", 0.3, 2), ("bottle", 0.35, 2)),
        pictures=0.25, shelves=0.03, rug=0.45, many_lamps=0.7,
    ),
}  # fmt: skip
