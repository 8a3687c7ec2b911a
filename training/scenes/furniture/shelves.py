# SPDX-License-Identifier: Apache-2.0
"""Shelves that stand on the floor, with books and boxes in them; their back is the smallest x."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.scenes.shapes.flat import box, boxes
from training.scenes.shapes.patch import Shape, moved, turned
from training.scenes.surfaces import materials
from training.scenes.things import BOOK, BOX, SHELF, Thing

Rng = np.random.Generator


def bookshelf(rng: Rng) -> list[Thing]:
    """Tall or low, one to three columns wide, mostly full of books."""
    columns = int(rng.integers(1, 4)) if rng.random() < 0.6 else 1
    wide = columns * rng.uniform(0.6, 0.85) if columns > 1 else rng.uniform(0.6, 1.1)
    high = rng.uniform(1.5, 2.1) if rng.random() < 0.75 else rng.uniform(0.75, 1.2)
    deep, board = rng.uniform(0.24, 0.34), rng.uniform(0.016, 0.03)
    levels = np.linspace(rng.uniform(0.03, 0.1), high - board, max(3, round(high / 0.37)) + 1)
    ys = np.linspace(-wide / 2, wide / 2, columns + 1)
    low = [(-deep / 2, -wide / 2, z) for z in levels]
    parts = [s for a in low for s in box(a, np.add(a, (deep, wide, board)))]
    for y in np.clip(ys, -wide / 2 + board / 2, wide / 2 - board / 2):
        parts += box((-deep / 2, y - board / 2, 0), (deep / 2, y + board / 2, high))
    if rng.random() < 0.75:  # a back
        parts += box((-deep / 2, -wide / 2, 0.04), (-deep / 2 + 0.008, wide / 2, high))
    wood = (materials.painted_wood if rng.random() < 0.4 else materials.wood)(rng)
    books: list[Any] = []
    leaning: Shape = []
    crates: Shape = []
    full = rng.uniform(0.35, 1)
    for z, above in zip(levels[:-1], levels[1:], strict=True):
        for a, b in zip(ys[:-1], ys[1:], strict=True):
            room = (-deep / 2 + 0.02, a + board, z + board), (deep / 2, b - board, above)
            pick = rng.random()
            if pick < 0.8 * full + 0.1:
                row, last = book_row(rng, *room)
                books += row
                if last:
                    leaning += last
            elif pick < 0.95:
                side = min(room[1][1] - room[0][1], 0.4) * 0.8
                at = (room[0][1] + room[1][1]) / 2
                tall = min(above - z - board, 0.3) * rng.uniform(0.5, 0.85)
                crates += box((-deep / 2 + 0.02, at - side / 2, z + board),
                              (deep / 2 - 0.02, at + side / 2, z + board + tall), 0.5)  # fmt: skip
    things = [Thing(parts, wood, SHELF), *coloured_books(rng, books)]
    if leaning:
        things.append(Thing(leaning, materials.book_cover(rng), BOOK))
    if crates:
        kinds = [materials.cardboard, materials.fabric, materials.plastic]
        things.append(Thing(crates, kinds[rng.integers(3)](rng), BOX))
    return things


def book_row(rng: Rng, low: Any, high: Any) -> tuple[list[tuple[Any, Any]], Shape]:
    """Books side by side from one end of a room, and one that leans on the last."""
    count = 60
    thick = rng.uniform(0.016, 0.055, count)
    # Rows of a series are alike: heights and depths change every few books.
    group = np.cumsum(rng.random(count) < 0.5)
    tall = (rng.uniform(0.17, 0.3, count)[group % count]).clip(None, (high[2] - low[2]) * 0.93)
    depth = rng.uniform(0.13, 0.21, count)[group % count].clip(None, high[0] - low[0] - 0.02)
    ends = low[1] + np.cumsum(thick + 0.0015)
    stop = low[1] + (high[1] - low[1]) * rng.uniform(0.45, 1.0)
    keep = int(np.searchsorted(ends, stop))
    row = [
        ((high[0] - 0.03 - depth[k], ends[k] - thick[k], low[2]),
         (high[0] - 0.03, ends[k], low[2] + tall[k]))
        for k in range(keep)
    ]  # fmt: skip
    leaning: Shape = []
    if keep and high[1] - ends[keep - 1] > 0.14 and rng.random() < 0.6:
        book = box((0, 0, 0), (depth[keep], thick[keep], tall[keep] * 0.95))
        leaning = turned(book, "x", rng.uniform(8, 20))
        angle_shift = 0.4 * tall[keep]
        leaning = moved(leaning, high[0] - 0.03 - depth[keep], ends[keep - 1] + angle_shift, low[2])
    return row, leaning


def coloured_books(rng: Rng, books: list[tuple[Any, Any]], colours: int = 7) -> list[Thing]:
    """The books, neighbours mostly of different covers, one thing for each cover."""
    if not books:
        return []
    low, high = (np.array(side, float) for side in zip(*books, strict=True))
    cover = rng.integers(colours, size=len(books))
    repeats = rng.random(len(books)) < 0.25
    for k in np.flatnonzero(repeats):
        cover[k] = cover[k - 1]
    return [
        Thing(boxes(low[cover == k], high[cover == k], "-z-x"), materials.book_cover(rng), BOOK)
        for k in np.unique(cover)
    ]


def storage_rack(rng: Rng) -> list[Thing]:
    """Open boards on four posts, with boxes on them."""
    deep, wide, high = rng.uniform(0.35, 0.6), rng.uniform(0.8, 1.6), rng.uniform(1.4, 2.1)
    x, y, post = deep / 2, wide / 2, rng.uniform(0.025, 0.045)
    posts = [(a, b) for a in (-x, x - post) for b in (-y, y - post)]
    frame = [s for a, b in posts for s in box((a, b, 0), (a + post, b + post, high))]
    levels = np.linspace(rng.uniform(0.1, 0.3), high - 0.06, int(rng.integers(3, 6)))
    boards = [s for z in levels for s in box((-x, -y, z), (x, y, z + 0.025))]
    piles: list[Shape] = [[], [], []]
    for z, above in zip(levels[:-1], levels[1:], strict=True):
        at = -y + 0.05
        while True:
            side, tall = rng.uniform(0.2, 0.48), (above - z - 0.03) * rng.uniform(0.4, 0.85)
            if at + side > y - 0.04:
                break
            if rng.random() < 0.75:
                half = deep * rng.uniform(0.3, 0.47)
                piles[rng.integers(3)] += box(
                    (-half, at, z + 0.025), (half, at + side, z + 0.025 + tall), 0.5
                )
            at += side + rng.uniform(0.01, 0.1)
    metal = (materials.metal if rng.random() < 0.65 else materials.wood)(rng)
    board = metal if rng.random() < 0.5 else materials.wood(rng)
    kinds = [materials.cardboard, materials.cardboard, materials.plastic]
    return [
        Thing(frame, metal, SHELF),
        Thing(boards, board, SHELF),
        *(Thing(p, kind(rng), BOX) for p, kind in zip(piles, kinds, strict=True) if p),
    ]
