# SPDX-License-Identifier: Apache-2.0
"""What a room and its things are made of: a random material for each kind.

Every function takes a random generator and gives another material at every draw. Texture
coordinates are metres on flat patches (the picture repeats) and 0..1 around round ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes import patterns
from training.scenes.colours import any_colour, bold, hsv, muted, neutral, timber
from training.scenes.pictures import poster, rug_weave, view_outside
from training.scenes.textures import Material, linear

__all__ = [
    *("ball_skin", "bed_linen", "book_cover", "bottle_glass", "cardboard", "ceiling_covering"),
    *("ceramic", "cloth", "curtain_cloth", "door_leaf", "fabric", "floor_covering", "hair"),
    *("lamp_panel", "lampshade", "leather", "leaves", "metal", "painted_wood", "plastic"),
    *("poster", "rug_weave", "skin", "view_outside", "wall_covering", "wood"),
]

Array = NDArray[Any]
Rng = np.random.Generator
Tile = tuple[float, float]


def _plain(colour: Array, glow: float = 0.0) -> Material:
    return Material(np.asarray(colour, np.float32).reshape(1, 1, 3), glow=glow)


def _shaded(colour: Array, brightness: Array, tile: Tile) -> Material:
    """One colour times a picture of brightness."""
    return Material((colour * brightness[..., None]).clip(0.01, 0.95), tile)


def _printed(ground: Array, layers: list[tuple[Array, Array]], texture: Array, tile: Tile) -> Any:
    """Layers of (colour, share picture) printed on a ground, times a picture of brightness."""
    picture = np.broadcast_to(np.asarray(ground, np.float32), (patterns.SIZE, patterns.SIZE, 3))
    for colour, share in layers:
        picture = picture + (np.asarray(colour, np.float32) - picture) * share[..., None]
    return Material((picture * texture[..., None]).clip(0.01, 0.95), tile)


def _pick(rng: Rng, **shares: float) -> str:
    weights = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=weights / weights.sum()))


def wall_covering(rng: Rng) -> Material:
    """Paint for the most part; also wallpaper, brick, tiles, boards, bare plaster."""
    kind = _pick(rng, paint=60, plaster=12, wallpaper=11, brick=5, tiles=6, boards=6)
    light, uneven = (0.72, 0.95), rng.uniform(0.01, 0.03)
    if kind in ("paint", "wallpaper"):
        draw = rng.uniform()
        colour = neutral(rng, light) if draw < 0.6 else muted(rng, light)
        if draw > 0.88:
            colour = muted(rng, (0.35, 0.7))
        texture = 1 + uneven * (patterns.grain(rng, 40) + 0.7 * patterns.grain(rng, 1))
        if kind == "paint":
            return _shaded(colour, texture, (2.5, 2.5))
        ink = colour * rng.uniform(0.6, 0.9) if rng.uniform() < 0.7 else muted(rng, (0.4, 0.8))
        return _printed(colour, [(ink, _print(rng))], texture, (rng.uniform(0.5, 1.2),) * 2)
    if kind == "plaster":
        spots = patterns.grain(rng, 10) + 0.8 * patterns.grain(rng, 30) + patterns.grain(rng, 2)
        return _shaded(neutral(rng, (0.5, 0.85)), np.exp(0.05 * spots), (1.8, 1.8))
    if kind == "brick":
        tones = np.exp(0.22 * patterns.tile_tones(rng, 4, 12, True) + 0.1 * patterns.grain(rng, 2))
        red = hsv(rng, (5, 22), (0.35, 0.65), (0.4, 0.65))
        colour = red if rng.uniform() < 0.6 else neutral(rng, (0.7, 0.92))
        grout = colour * 0.5 + neutral(rng, (0.4, 0.8)) * 0.5
        picture = colour * tones[..., None]
        return Material(
            _with_joints(picture, grout, patterns.joints(4, 12, 3, True)), (1.0, 0.9)
        )
    if kind == "tiles":
        return _tiled(rng, neutral(rng, (0.6, 0.93)), (0.1, 0.35))
    tone = patterns.boards(rng, int(rng.integers(6, 14)), 1, 0.08)
    colour = timber(rng) if rng.uniform() < 0.6 else neutral(rng, (0.6, 0.92))
    return _shaded(colour, np.exp(tone), (2.0, 1.5))


def floor_covering(rng: Rng) -> Material:
    """Wooden planks, laminate, parquet, tiles, carpet, concrete or vinyl."""
    kind = _pick(rng, planks=38, parquet=8, tiles=20, carpet=20, concrete=7, vinyl=7)
    if kind == "planks":
        tone = patterns.boards(rng, int(rng.integers(8, 18)), 2, rng.uniform(0.04, 0.2))
        return _shaded(timber(rng), np.exp(tone), (2.4, 1.8))
    if kind == "parquet":
        across, along = patterns.fibres(rng, 0.06), patterns.fibres(rng, 0.06).T
        y, x = np.mgrid[0 : patterns.SIZE, 0 : patterns.SIZE] * 4 // patterns.SIZE
        tone = np.where((x + y) % 2, across, along) + 0.1 * patterns.tile_tones(rng, 16, 16)
        tone = tone - 0.35 * patterns.joints(4, 4, 1)
        return _shaded(timber(rng), np.exp(tone), (1.6, 1.6))
    if kind == "tiles":
        return _tiled(rng, neutral(rng, (0.3, 0.88)), (0.3, 0.6))
    if kind == "carpet":
        pile = patterns.grain(rng, 0.8) + 0.7 * patterns.grain(rng, 2) + 0.5 * patterns.grain(rng, 16)
        colour = neutral(rng, (0.25, 0.75)) if rng.uniform() < 0.6 else muted(rng, (0.25, 0.65))
        texture = np.exp(rng.uniform(0.05, 0.16) * pile)
        if rng.uniform() < 0.25:  # carpet tiles of an office
            texture = texture * np.exp(0.07 * patterns.tile_tones(rng, 4, 4))
        return _shaded(colour, texture, (2.0, 2.0))
    spots = patterns.grain(rng, 30) + 0.6 * patterns.grain(rng, 8) + 0.4 * patterns.grain(rng, 1)
    if kind == "concrete":
        return _shaded(neutral(rng, (0.4, 0.72)), np.exp(0.07 * spots), (3.0, 3.0))
    speckles = patterns.blotches(rng, 1.2, 0.1)
    colour = any_colour(rng, 0.1) * 0.7 + 0.1
    return _printed(colour, [(colour * 0.6, speckles)], np.exp(0.02 * spots), (0.9, 0.9))


def _tiled(rng: Rng, colour: Array, size_m: Tile) -> Material:
    """Tiles with joints, sometimes in two colours or with the veins of marble."""
    count, size = int(rng.choice([2, 4])), rng.uniform(*size_m)
    rows = count * int(rng.choice([1, 1, 2]))
    tone = rng.uniform(0, 0.07) * patterns.tile_tones(rng, count, rows)
    tone = tone + rng.uniform(0, 0.08) * patterns.grain(rng, 12)
    if rng.uniform() < 0.25:
        tone = tone - 0.5 * np.exp(-((patterns.grain(rng, 14) / 0.06) ** 2))
    picture = colour * np.exp(tone)[..., None]
    if rng.uniform() < 0.2:
        y, x = np.mgrid[0 : patterns.SIZE, 0 : patterns.SIZE]
        odd = (x * count // patterns.SIZE + y * rows // patterns.SIZE) % 2 == 1
        picture = np.where(odd[..., None], any_colour(rng, 0.1) * np.exp(tone)[..., None], picture)
    grout = np.clip(colour * rng.choice([0.45, 0.7, 1.25]), 0.03, 0.85)
    return Material(
        _with_joints(picture, grout, patterns.joints(count, rows, 2)), (size * count, size * count)
    )


def _with_joints(picture: Array, grout: Array, joints: Array) -> Array:
    return (picture + (grout - picture) * joints[..., None]).clip(0.01, 0.95)


def ceiling_covering(rng: Rng) -> Material:
    """White paint; sometimes panels as in an office, rarely boards."""
    kind = _pick(rng, paint=80, panels=15, boards=5)
    colour = neutral(rng, (0.85, 0.97))
    if kind == "panels":
        specks = 1 - 0.12 * patterns.blotches(rng, 1, 0.15)
        return _shaded(colour, specks * (1 - 0.45 * patterns.joints(2, 2, 3)), (1.2, 1.2))
    if kind == "boards":
        return _shaded(timber(rng), np.exp(patterns.boards(rng, 12, 1, 0.08)), (2.4, 1.5))
    return _shaded(colour, 1 + 0.012 * patterns.grain(rng, 30), (3.0, 3.0))


def wood(rng: Rng) -> Material:
    """Bare or varnished wood, its grain along u."""
    tone = patterns.fibres(rng, rng.uniform(0.03, 0.13))
    return _shaded(timber(rng), np.exp(tone), (1.6, 0.5))


def painted_wood(rng: Rng) -> Material:
    """Lacquer or foil: white and grey most often."""
    draw = rng.uniform()
    colour = neutral(rng, (0.75, 0.95)) if draw < 0.5 else any_colour(rng, 0.25)
    return _shaded(colour, np.exp(0.02 * patterns.grain(rng, 30)), (1.5, 1.5))


def _print(rng: Rng) -> Array:
    """The share picture of a printed or woven pattern."""
    kind = _pick(rng, stripes=3, checks=2, dots=1.5, flowers=2.5, diamonds=1)
    count = int(rng.integers(3, 12))
    if kind == "stripes":
        return patterns.stripes(rng, count, rng.uniform(0.15, 0.6), bool(rng.integers(2)))
    if kind == "checks":
        share = rng.uniform(0.2, 0.5)
        two = patterns.stripes(rng, count, share) + patterns.stripes(rng, count, share, True)
        return two / 2
    if kind == "dots":
        return patterns.dots(count, rng.uniform(0.12, 0.25))
    if kind == "flowers":
        return patterns.blotches(rng, rng.uniform(3, 14) // 1, rng.uniform(0.15, 0.45))
    return patterns.diamonds(count, count, rng.uniform(0.2, 0.42))


def _textile(rng: Rng, colour: Array, printed: float, roughness: float, tile_m: float) -> Material:
    """Cloth of a colour, in a share of `printed` draws with a pattern of one or two more."""
    texture = patterns.weave(rng, roughness * rng.uniform(0.4, 1.3))
    texture = texture * np.exp(0.04 * patterns.grain(rng, 20))
    layers = []
    if rng.uniform() < printed:
        related = np.clip(colour * rng.choice([0.4, 0.6, 1.5, 2.2]) + 0.01, 0.02, 0.85)
        layers.append((related if rng.uniform() < 0.5 else any_colour(rng, 0.3), _print(rng)))
        if rng.uniform() < 0.3:
            layers.append((any_colour(rng, 0.3), _print(rng) * patterns.blotches(rng, 12, 0.5)))
    return _printed(colour, layers, texture, (tile_m, tile_m))


def fabric(rng: Rng) -> Material:
    """Upholstery: greys and muted colours, rarely a print."""
    return _textile(rng, any_colour(rng, 0.2), 0.18, 0.13, rng.uniform(0.4, 0.8))


def bed_linen(rng: Rng) -> Material:
    """Sheets and covers: white and light colours, prints more often."""
    draw = rng.uniform()
    colour = neutral(rng, (0.75, 0.95)) if draw < 0.5 else muted(rng, (0.4, 0.9))
    return _textile(rng, bold(rng) if draw > 0.9 else colour, 0.35, 0.05, rng.uniform(0.5, 1.3))


def curtain_cloth(rng: Rng) -> Material:
    """Light or strong plain cloth, sometimes a print."""
    draw = rng.uniform()
    colour = neutral(rng, (0.6, 0.95)) if draw < 0.45 else any_colour(rng, 0.3)
    return _textile(rng, colour, 0.25, 0.06, rng.uniform(0.5, 1.2))


def cloth(rng: Rng) -> Material:
    """Clothes: denim, dark suits, plain and printed shirts."""
    draw = rng.uniform()
    if draw < 0.25:
        return _textile(rng, hsv(rng, (208, 232), (0.35, 0.65), (0.2, 0.55)), 0.0, 0.16, 0.4)
    if draw < 0.45:
        return _textile(rng, neutral(rng, (0.08, 0.3)), 0.1, 0.08, 0.5)
    return _textile(rng, any_colour(rng, 0.35), 0.35, 0.08, rng.uniform(0.3, 0.7))


def leather(rng: Rng) -> Material:
    """Black, brown, cream, sometimes a colour."""
    kind = _pick(rng, black=4, brown=4, cream=2, coloured=2)
    colour = {
        "black": lambda: neutral(rng, (0.08, 0.2)),
        "brown": lambda: hsv(rng, (14, 32), (0.4, 0.7), (0.2, 0.55)),
        "cream": lambda: hsv(rng, (30, 45), (0.08, 0.25), (0.7, 0.9)),
        "coloured": lambda: muted(rng, (0.25, 0.6)),
    }[kind]()
    creases = patterns.grain(rng, 2) + patterns.grain(rng, 6) + patterns.grain(rng, 30)
    return _shaded(colour, np.exp(0.07 * creases), (0.5, 0.5))


def metal(rng: Rng) -> Material:
    """Steel, black or white coating, brass."""
    kind = _pick(rng, steel=4, black=4, white=2, brass=1)
    if kind == "brass":
        colour = hsv(rng, (36, 46), (0.4, 0.6), (0.55, 0.75))
    else:
        value = {"steel": (0.45, 0.75), "black": (0.06, 0.18), "white": (0.8, 0.93)}[kind]
        colour = neutral(rng, value)
    return _shaded(colour, np.exp(0.05 * patterns.grain(rng, 40, 1)), (0.6, 0.6))


def plastic(rng: Rng) -> Material:
    """One even colour, bold in four of ten."""
    return _plain(any_colour(rng, 0.4))


def ceramic(rng: Rng) -> Material:
    """Glazed clay: white, terracotta or a colour."""
    kind = _pick(rng, white=4, terracotta=3, coloured=4)
    if kind == "coloured":
        colour = any_colour(rng, 0.35)
    elif kind == "white":
        colour = neutral(rng, (0.8, 0.95))
    else:
        colour = hsv(rng, (12, 24), (0.5, 0.68), (0.55, 0.78))
    return _shaded(colour, np.exp(0.05 * patterns.grain(rng, 10)), (1.0, 1.0))


def cardboard(rng: Rng) -> Material:
    """Brown, in some draws white or with tape and print."""
    brown = hsv(rng, (26, 36), (0.3, 0.5), (0.55, 0.78))
    colour = brown if rng.uniform() < 0.85 else neutral(rng, (0.75, 0.92))
    texture = np.exp(0.05 * patterns.grain(rng, 12) + 0.03 * patterns.grain(rng, 30, 1))
    layers = []
    if rng.uniform() < 0.45:
        tape = hsv(rng, (28, 45), (0.1, 0.5), (0.5, 0.85))
        layers.append((tape, patterns.stripes(rng, 1, rng.uniform(0.08, 0.15), True)))
    if rng.uniform() < 0.35:
        label, mark = np.zeros((2, patterns.SIZE, patterns.SIZE), np.float32)
        top, left = rng.integers(20, 150, 2)
        label[top : top + 70, left : left + 90] = 1
        mark[top + 10 : top + 60, left + 8 : left + 80] = 1
        layers.append((neutral(rng, (0.8, 0.95)) if rng.integers(2) else bold(rng), label))
        layers.append((neutral(rng, (0.1, 0.3)), mark * patterns.blotches(rng, 3, 0.4)))
    return _printed(colour, layers, texture, (rng.uniform(0.4, 0.8),) * 2)


def leaves(rng: Rng) -> Material:
    """Green, from yellowish to bluish, with lighter veins and dry spots."""
    colour = hsv(rng, (75, 130), (0.3, 0.62), (0.2, 0.52))
    tone = 0.2 * patterns.grain(rng, 6) + 0.15 * patterns.grain(rng, 2) + 0.1 * patterns.grain(rng, 30, 1)
    return _shaded(colour, np.exp(tone), (0.5, 0.5))


def skin(rng: Rng) -> Material:
    """From very light to very dark."""
    dark = rng.uniform() ** 1.2
    shown = np.array([236, 196, 172]) * (1 - dark) + np.array([86, 54, 40]) * dark
    colour = linear(*(shown * rng.uniform(0.92, 1.05, 3)))
    return _shaded(colour, np.exp(0.05 * patterns.grain(rng, 20)), (1.0, 1.0))


def hair(rng: Rng) -> Material:
    """Black, brown, blond, red, grey."""
    kind = _pick(rng, dark=6, brown=4, blond=2, red=0.7, grey=1.5)
    colour = {
        "dark": lambda: hsv(rng, (15, 35), (0.2, 0.5), (0.06, 0.18)),
        "brown": lambda: hsv(rng, (18, 30), (0.4, 0.65), (0.18, 0.4)),
        "blond": lambda: hsv(rng, (32, 44), (0.35, 0.55), (0.55, 0.8)),
        "red": lambda: hsv(rng, (12, 22), (0.6, 0.8), (0.35, 0.6)),
        "grey": lambda: neutral(rng, (0.45, 0.85)),
    }[kind]()
    return _shaded(colour, np.exp(0.2 * patterns.grain(rng, 1.5, 30)), (1.0, 1.0))


def book_cover(rng: Rng) -> Material:
    """A back of one colour with bands and a title."""
    rows = np.repeat(any_colour(rng, 0.35)[None], 32, axis=0)
    if rng.uniform() < 0.6:
        top, tall = rng.integers(2, 20), rng.integers(3, 11)
        rows[top : top + tall] = any_colour(rng, 0.4)
    if rng.uniform() < 0.5:
        rows[rng.integers(0, 31, int(rng.integers(1, 4)))] = any_colour(rng, 0.3)
    picture = np.repeat(rows[:, None], 32, axis=1)
    title = slice(*sorted(rng.integers(4, 28, 2)))
    picture[title, 12:20] *= rng.uniform(0.3, 2.0)
    return Material(np.swapaxes(picture, 0, 1).clip(0.01, 0.95), (0.26, 0.26))


def door_leaf(rng: Rng) -> Material:
    """White paint, wood, grey or a colour."""
    draw = rng.uniform()
    if draw < 0.45:
        tone = patterns.fibres(rng, rng.uniform(0.03, 0.11))
        return _shaded(timber(rng), np.exp(tone), (2.2, 1.0))
    colour = neutral(rng, (0.8, 0.95)) if draw < 0.8 else any_colour(rng, 0.25)
    return _shaded(colour, np.exp(0.015 * patterns.grain(rng, 30)), (2.0, 2.0))


def ball_skin(rng: Rng) -> Material:
    """Segments of a beach ball, spots of a football, a basketball, or one colour; covers 0..1."""
    kind = _pick(rng, segments=3, spots=3, basket=2, plain=3)
    one = np.ones((patterns.SIZE, patterns.SIZE), np.float32)
    if kind == "segments":
        colours = [bold(rng) if k % 2 else neutral(rng, (0.8, 0.95)) for k in range(6)]
        return Material(np.stack(colours).repeat(32, axis=0)[None].repeat(64, axis=0))
    if kind == "spots":
        ink = neutral(rng, (0.05, 0.15)) if rng.uniform() < 0.7 else bold(rng)
        return _printed(neutral(rng, (0.85, 0.95)), [(ink, patterns.dots(4, 0.24))], one, (1, 1))
    if kind == "basket":
        lines = np.maximum(patterns.joints(4, 1, 4), np.roll(patterns.joints(1, 2, 4), 30, 0))
        orange = hsv(rng, (14, 26), (0.65, 0.85), (0.6, 0.8))
        return _printed(orange, [(neutral(rng, (0.05, 0.12)), lines)], one, (1, 1))
    return _shaded(bold(rng), np.exp(0.04 * patterns.grain(rng, 10)), (1.0, 1.0))


def bottle_glass(rng: Rng) -> Material:
    """Green, brown, clear-looking or coloured, some with a label around; covers 0..1."""
    kind = _pick(rng, green=3, brown=2, clear=3, coloured=3)
    colour = {
        "green": lambda: hsv(rng, (95, 150), (0.4, 0.75), (0.15, 0.45)),
        "brown": lambda: hsv(rng, (18, 32), (0.6, 0.8), (0.15, 0.4)),
        "clear": lambda: hsv(rng, (170, 215), (0.05, 0.2), (0.6, 0.85)),
        "coloured": lambda: bold(rng),
    }[kind]()
    rows = np.repeat(colour[None], 64, axis=0)
    if rng.uniform() < 0.65:
        low = int(rng.integers(8, 16))
        rows[low : low + int(rng.integers(12, 22))] = any_colour(rng, 0.4)
    sheen = 1 + 0.5 * np.exp(-(((np.arange(64) - rng.integers(64)) / 4.0) ** 2))
    return Material((rows[:, None] * sheen[:, None]).clip(0.01, 0.95))


def lampshade(rng: Rng) -> Material:
    """Warm cloth or paper with the light on or, in one of three, off."""
    glow = rng.uniform(0.5, 1.6) if rng.uniform() < 0.66 else 0.0
    colour = hsv(rng, (28, 48), (0.08, 0.4), (0.75, 0.97))
    return _plain(muted(rng, (0.4, 0.9)) if rng.uniform() < 0.15 else colour, glow)


def lamp_panel(rng: Rng) -> Material:
    """The lit face of a lamp at the ceiling, warm to cool white."""
    return _plain(hsv(rng, (30, 50) if rng.integers(2) else (200, 230), (0, 0.12), (0.95, 1)), 2.5)
