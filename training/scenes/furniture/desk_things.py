# SPDX-License-Identifier: Apache-2.0
"""Things that lie and stand on desks, worktops and shelf boards, alone and in rows and heaps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.scenes.furniture import household, lamps, plants
from training.scenes.furniture.boxes import small_box
from training.scenes.furniture.shelves import book_row, coloured_books
from training.scenes.furniture.small.floor_things import cable, cup, papers
from training.scenes.furniture.small.small_things import book_stack, bottle
from training.scenes.furniture.small.toys import toy
from training.scenes.shapes.flat import box, boxes
from training.scenes.shapes.patch import moved
from training.scenes.shapes.rounded import rounded_box
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import plain
from training.scenes.things import BOOK, UNLABELLED, Thing, placed

Rng = np.random.Generator


def desk_thing(rng: Rng) -> list[Thing]:
    """Anything for a top or a board, about the origin."""
    builds, shares = zip(*_KINDS, strict=True)
    return builds[rng.choice(len(builds), p=np.array(shares) / sum(shares))](rng)


def keyboard(rng: Rng) -> list[Thing]:
    """A keyboard with rows of keys, mostly a mouse on a mat beside it."""
    wide, deep, thick = rng.uniform(0.28, 0.46), rng.uniform(0.11, 0.17), rng.uniform(0.01, 0.025)
    case = box((-deep / 2, -wide / 2, 0), (deep / 2, wide / 2, thick))
    # One plate for each row: single keys would be half of a room's triangles.
    x = np.linspace(-deep / 2 + 0.01, deep / 2 - 0.01, 6)[:-1]
    keys = boxes([(a, -wide / 2 + 0.01, thick) for a in x],
                 [(a + deep * 0.14, wide / 2 - 0.01, thick + 0.004) for a in x])  # fmt: skip
    dark = plain(*(float(rng.choice([22, 34, 60, 205, 232])),) * 3)
    caps = dark if rng.random() < 0.5 else plain(*(float(rng.choice([28, 45, 225, 240])),) * 3)
    things = [Thing(case, dark, UNLABELLED), Thing(keys, caps, UNLABELLED)]
    if rng.random() < 0.7:
        mouse = moved(rounded_box((0.11, 0.06, 0.034), 0.014, 1), 0, wide / 2 + 0.1, 0.02)
        things.append(Thing(mouse, dark, UNLABELLED))
    return things


def monitor(rng: Rng) -> list[Thing]:
    """One screen, or two of a kind beside each other."""
    wide = rng.uniform(0.42, 0.66)
    if rng.random() < 0.75:
        return household.screen(rng, wide)
    one = household.screen(rng, wide)
    turn = rng.uniform(0, 20)
    return placed(one, 0, -wide / 2 - 0.03, 0, turn) + placed(one, 0, wide / 2 + 0.03, 0, -turn)


def magazines(rng: Rng) -> list[Thing]:
    """Magazines, brochures and letters, spread out or in a heap that nobody straightened."""
    things, z = [], 0.0
    spread = rng.uniform(0.01, 0.13)
    printed = materials.poster(rng, (0.2, 0.28))  # of all of them: it takes as long as the rest
    for _ in range(int(rng.integers(1, 7))):
        x, y = sorted(rng.uniform((0.13, 0.18), (0.22, 0.31)))
        thick = rng.uniform(0.0015, 0.008)
        sheet = box((-x / 2, -y / 2, z), (x / 2, y / 2, z + thick), without="-z")
        cover = printed if rng.random() < 0.6 else plain(*rng.uniform(120, 245, 3))
        at = (*rng.normal(0, spread, 2), 0, rng.normal(0, 30))
        things.append(Thing(moved(sheet, *at), cover, BOOK))
        z += thick + 0.0005
    return things


def upright_books(rng: Rng) -> list[Thing]:
    """A row of books or of files, as they stand on boards."""
    wide = rng.uniform(0.12, 0.7)
    books, _ = book_row(rng, (-0.11, -wide / 2, 0), (0.11, wide / 2, rng.uniform(0.2, 0.33)))
    if rng.random() < 0.35 and books:  # files, one as high as the other
        backs = [(low, (high[0], high[1], books[0][1][2])) for low, high in books]
        return coloured_books(rng, backs, int(rng.integers(1, 4)))
    return coloured_books(rng, books)


def letter_trays(rng: Rng) -> list[Thing]:
    """Trays above each other with papers in them."""
    levels = np.arange(int(rng.integers(2, 5))) * rng.uniform(0.05, 0.08)
    low = [(-0.17, -0.125, z) for z in levels]
    shape = boxes(low, [(0.17, 0.125, z + 0.005) for z in levels])
    top = float(levels[-1] + 0.05)
    shape += boxes([(-0.17, -0.13, 0), (-0.17, 0.122, 0)], [(0.17, -0.122, top), (0.17, 0.13, top)])
    low = [(-0.15, -0.1, z + 0.006) for z in levels]
    sheets = boxes(low, [(0.15, 0.11, z + rng.uniform(0.004, 0.03)) for _, _, z in low])
    return [Thing(shape, materials.plastic(rng), UNLABELLED),
            Thing(sheets, plain(238, 236, 230), UNLABELLED)]  # fmt: skip


_KINDS: list[tuple[Callable[[Rng], list[Thing]], float]] = [
    (magazines, 0.17), (book_stack, 0.13), (upright_books, 0.17), (cup, 0.12), (bottle, 0.06),
    (keyboard, 0.06), (monitor, 0.06), (household.laptop, 0.03), (household.appliance, 0.07),
    (small_box, 0.06), (papers, 0.04), (letter_trays, 0.04), (cable, 0.03), (toy, 0.03),
    (plants.table_plant, 0.03), (lamps.table_lamp, 0.02),
]  # fmt: skip
