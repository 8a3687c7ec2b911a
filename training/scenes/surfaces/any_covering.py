# SPDX-License-Identifier: Apache-2.0
"""Floors and walls as lived-in rooms have them: more kinds, worn, and patterned like rugs.

A floor that shines, has an inlay or the pattern of a carpet is a floor all the same: what tells a
rug is its edge and its place, not its pattern.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.surfaces import patterns
from training.scenes.surfaces.colours import any_colour, hsv, muted, neutral, timber
from training.scenes.surfaces.coverings import floor_covering, wall_covering
from training.scenes.surfaces.material import Material
from training.scenes.surfaces.painting import pick, printed, shaded, with_joints
from training.scenes.surfaces.pictures import rug_weave
from training.scenes.surfaces.textiles import printed_pattern

Array = NDArray[Any]
Rng = np.random.Generator

_MATT = {"carpet", "woven", "rough"}


def any_floor(rng: Rng) -> Material:
    """Everything people walk on indoors; hard floors may mirror."""
    kind = pick(rng, usual=38, herringbone=8, planks=12, tiles=16, stone=8, terrazzo=5, carpet=9,
                woven=6, rough=5)  # fmt: skip
    made = {
        "usual": floor_covering, "herringbone": _herringbone, "planks": _planks, "tiles": _tiles,
        "stone": _stone, "terrazzo": _terrazzo, "carpet": _patterned_carpet,
        "woven": _striped_carpet, "rough": _rough,
    }[kind](rng)  # fmt: skip
    made = worn(rng, made, rng.uniform(0.0, 0.22))
    shine = 0.0 if kind in _MATT or rng.random() < 0.3 else float(np.exp(rng.normal(-0.3, 0.7)))
    return replace(made, gloss=min(shine, 2.5) if shine > 0.3 else 0.0)


def any_wall(rng: Rng) -> Material:
    """Paint with marks, wallpaper of any size, tiles, panels, stone, wood."""
    kind = pick(rng, usual=55, strong=14, paper=12, tiles=8, stone=4, planks=4, rough=3)
    if kind == "usual":
        made = wall_covering(rng)
    elif kind == "strong":
        colour = any_colour(rng, 0.35)
        made = shaded(colour, 1 + 0.03 * patterns.grain(rng, 40), (2.5, 2.5))
    elif kind == "paper":
        ground, ink = neutral(rng, (0.3, 0.95)), any_colour(rng, 0.25)
        size = float(np.exp(rng.uniform(np.log(0.2), np.log(2.0))))
        texture = 1 + 0.03 * patterns.grain(rng, 1)
        made = printed(ground, [(ink, printed_pattern(rng))], texture, (size, size))
    else:
        made = {"tiles": _tiles, "stone": _stone, "planks": _planks, "rough": _rough}[kind](rng)
    if kind == "tiles" and rng.random() < 0.6:
        made = replace(made, gloss=float(rng.uniform(0.4, 1.5)))
    return worn(rng, made, rng.uniform(0.0, 0.12) if rng.random() < 0.4 else 0.0)


def worn(rng: Rng, material: Material, strength: float) -> Material:
    """The material with stains, fading and streaks larger than its own pattern."""
    if strength < 0.02 or material.albedo.shape[0] < 16:
        return material
    height, width = material.albedo.shape[:2]
    spots = patterns.grain(rng, 40) + 0.6 * patterns.grain(rng, 12) + 0.4 * patterns.grain(rng, 4)
    if rng.random() < 0.3:
        spots = spots - 2.5 * patterns.blotches(rng, float(rng.integers(2, 9)), 0.03)
    if rng.random() < 0.25:
        spots = spots + 0.8 * patterns.grain(rng, 60, 2)
    rows = np.arange(height) * patterns.SIZE // height
    columns = np.arange(width) * patterns.SIZE // width
    tone = np.exp(strength * spots[np.ix_(rows, columns)])[..., None]
    return replace(material, albedo=(material.albedo * tone).clip(0.01, 0.95))


def _herringbone(rng: Rng) -> Material:
    """Short boards at right angles, laid zigzag."""
    size, half = patterns.SIZE, patterns.SIZE // 8
    y, x = np.mgrid[0:size, 0:size]
    wide = max(8, half // int(rng.choice([2, 3, 4])))
    step = (x // half + y // half) % 2
    across = np.where(step == 0, y, x) // wide
    tone = rng.normal(0, rng.uniform(0.05, 0.2), (97,))[
        (across * 7 + (x // half) * 13 + (y // half) * 29) % 97
    ]
    joint = np.where(step == 0, y % wide == 0, x % wide == 0)
    fibres = np.where(step == 0, patterns.fibres(rng, 0.07), patterns.fibres(rng, 0.07).T)
    metres = rng.uniform(1.2, 2.6)
    return shaded(timber(rng), np.exp(tone + fibres - 0.4 * joint), (metres, metres))


def _planks(rng: Rng) -> Material:
    """Boards from narrow to wide, evenly coloured to wildly different, in any direction."""
    tone = patterns.boards(rng, int(rng.integers(5, 26)), int(rng.choice([1, 2, 3])),
                           rng.uniform(0.02, 0.35))  # fmt: skip
    colour = timber(rng) if rng.random() < 0.8 else neutral(rng, (0.2, 0.9))
    picture = np.exp(tone + rng.uniform(0, 0.12) * patterns.grain(rng, 30, 2))
    along = rng.uniform(1.6, 3.2)
    tile = (along, along * rng.uniform(0.5, 1.1))
    if rng.random() < 0.5:
        return shaded(colour, picture.T, tile[::-1])
    return shaded(colour, picture, tile)


def _tiles(rng: Rng) -> Material:
    """Tiles from mosaic to large slabs; plain, chequered, framed or printed."""
    columns = int(rng.choice([1, 2, 4, 8]))
    rows = columns * int(rng.choice([1, 1, 2]))
    side = float(np.exp(rng.uniform(np.log(0.06), np.log(0.9))))
    colour = neutral(rng, (0.12, 0.92)) if rng.random() < 0.7 else any_colour(rng, 0.2)
    tone = rng.uniform(0, 0.25) * patterns.tile_tones(rng, columns, rows)
    tone = tone + rng.uniform(0, 0.12) * patterns.grain(rng, float(rng.integers(3, 20)))
    picture = colour * np.exp(tone)[..., None]
    y, x = np.mgrid[0 : patterns.SIZE, 0 : patterns.SIZE] / patterns.SIZE
    kind = pick(rng, plain=5, chequered=2, printed=2.5, mixed=1.5)
    other = any_colour(rng, 0.25)
    if kind == "chequered":
        odd = ((x * columns).astype(int) + (y * rows).astype(int)) % 2 == 1
        picture = np.where(odd[..., None], other * np.exp(tone)[..., None], picture)
    elif kind == "printed":  # the same figure on every tile
        a, b = abs(x * columns % 1 - 0.5), abs(y * rows % 1 - 0.5)
        radius = [np.hypot(a, b), a + b, np.maximum(a, b), np.minimum(a, b)][rng.integers(4)]
        for edge in sorted(rng.uniform(0.08, 0.5, int(rng.integers(1, 4))), reverse=True):
            picture = np.where((radius < edge)[..., None], any_colour(rng, 0.25), picture)
    elif kind == "mixed":
        chosen = patterns.tile_tones(rng, columns, rows) > 0.6
        picture = np.where(chosen[..., None], other, picture)
    grout = np.clip(colour * rng.choice([0.3, 0.6, 1.3]) + 0.02, 0.02, 0.85)
    shift = bool(rng.random() < 0.25) and rows % 2 == 0
    lines = patterns.joints(columns, rows, int(rng.integers(1, 4)), shift)
    return Material(with_joints(picture, grout, lines), (side * columns, side * columns))


def _stone(rng: Rng) -> Material:
    """Marble, slate, sandstone: clouds and veins, in slabs or in one."""
    colour = neutral(rng, (0.15, 0.92)) if rng.random() < 0.7 else muted(rng, (0.25, 0.7))
    cloud = sum(patterns.grain(rng, size) / (k + 1) for k, size in enumerate((50, 16, 5, 2)))
    vein = np.exp(-((patterns.grain(rng, float(rng.integers(10, 40))) / 0.08) ** 2))
    tone = rng.uniform(0.04, 0.18) * cloud + rng.uniform(-0.9, 0.5) * vein
    picture = colour * np.exp(tone)[..., None]
    if rng.random() < 0.6:
        count = int(rng.choice([2, 4]))
        lines = patterns.joints(count, count, 2)
        picture = with_joints(picture, np.clip(colour * 0.6, 0.02, 0.8), lines)
    side = rng.uniform(1.0, 3.0)
    return Material(picture.clip(0.01, 0.95), (side, side))


def _terrazzo(rng: Rng) -> Material:
    """Chips of several colours in a plain ground."""
    chips = [(any_colour(rng, 0.15), patterns.blotches(rng, rng.uniform(1, 4) // 1, 0.12))
             for _ in range(3)]  # fmt: skip
    texture = np.exp(0.02 * patterns.grain(rng, 20))
    side = rng.uniform(0.5, 1.4)
    return printed(neutral(rng, (0.35, 0.88)), chips, texture, (side, side))


def _patterned_carpet(rng: Rng) -> Material:
    """Fitted carpet with the pattern of a rug, as in hotels: it reaches from wall to wall."""
    side = rng.uniform(0.5, 2.2)
    if rng.random() < 0.4:
        return replace(rug_weave(rng, (side, side)), tile=(side, side))
    layers = [(any_colour(rng, 0.3), printed_pattern(rng)) for _ in range(int(rng.integers(1, 4)))]
    pile = np.exp(0.12 * patterns.grain(rng, 0.8) + 0.05 * patterns.grain(rng, 3))
    return printed(any_colour(rng, 0.2), layers, pile, (side, side))


def _striped_carpet(rng: Rng) -> Material:
    """Woven floor of fine uneven lines, in tiles that are turned by turns or all one way."""
    lines = patterns.grain(rng, float(rng.integers(30, 60)), float(rng.choice([0.7, 1.5, 3])))
    lines = rng.uniform(0.15, 0.5) * lines
    if rng.random() < 0.5:
        y, x = np.mgrid[0 : patterns.SIZE, 0 : patterns.SIZE] * 4 // patterns.SIZE
        lines = np.where((x + y) % 2, lines, lines.T)
    elif rng.random() < 0.5:
        lines = lines.T
    side = rng.uniform(1.0, 2.4)
    colour = neutral(rng, (0.15, 0.7)) if rng.random() < 0.6 else muted(rng, (0.2, 0.65))
    return shaded(colour, np.exp(lines), (side, side))


def _rough(rng: Rng) -> Material:
    """Concrete, screed, old boards, cork: noise of all sizes."""
    sizes = ((60, 1.0), (20, 0.8), (7, 0.7), (2, 0.6), (0.8, 0.5))
    field = sum(weight * patterns.grain(rng, size) for size, weight in sizes)
    colour = neutral(rng, (0.2, 0.8)) if rng.random() < 0.6 else hsv(
        rng, (15, 45), (0.15, 0.5), (0.25, 0.7)
    )  # fmt: skip
    side = rng.uniform(0.8, 3.0)
    return shaded(colour, np.exp(rng.uniform(0.04, 0.16) * field), (side, side))
