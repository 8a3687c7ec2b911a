# SPDX-License-Identifier: Apache-2.0
"""Materials of a room and its things: a random one for each kind.

Every function takes a random generator and gives another material at every draw. Texture
coordinates are metres on flat patches (the picture repeats) and 0..1 around round ones.
"""

from __future__ import annotations

import numpy as np

from training.scenes.surfaces import patterns
from training.scenes.surfaces.colours import any_colour, bold, hsv, muted, neutral, timber
from training.scenes.surfaces.coverings import ceiling_covering, floor_covering, wall_covering
from training.scenes.surfaces.material import Material, linear
from training.scenes.surfaces.painting import one_colour, pick, printed, shaded
from training.scenes.surfaces.pictures import poster, rug_weave, view_outside
from training.scenes.surfaces.textiles import bed_linen, cloth, curtain_cloth, fabric

__all__ = [
    "ball_skin",
    "bed_linen",
    "book_cover",
    "bottle_glass",
    "cardboard",
    "ceiling_covering",
    "ceramic",
    "cloth",
    "curtain_cloth",
    "door_leaf",
    "fabric",
    "floor_covering",
    "hair",
    "lamp_panel",
    "lampshade",
    "leather",
    "leaves",
    "metal",
    "painted_wood",
    "plastic",
    "poster",
    "rug_weave",
    "skin",
    "view_outside",
    "wall_covering",
    "wood",
]

Rng = np.random.Generator


def wood(rng: Rng) -> Material:
    """Bare or varnished wood, its grain along u."""
    tone = patterns.fibres(rng, rng.uniform(0.03, 0.13))
    return shaded(timber(rng), np.exp(tone), (1.6, 0.5))


def painted_wood(rng: Rng) -> Material:
    """Lacquer or foil: white and grey most often."""
    draw = rng.uniform()
    colour = neutral(rng, (0.75, 0.95)) if draw < 0.5 else any_colour(rng, 0.25)
    return shaded(colour, np.exp(0.02 * patterns.grain(rng, 30)), (1.5, 1.5))


def leather(rng: Rng) -> Material:
    """Black, brown, cream, sometimes a colour."""
    kind = pick(rng, black=4, brown=4, cream=2, coloured=2)
    colour = {
        "black": lambda: neutral(rng, (0.08, 0.2)),
        "brown": lambda: hsv(rng, (14, 32), (0.4, 0.7), (0.2, 0.55)),
        "cream": lambda: hsv(rng, (30, 45), (0.08, 0.25), (0.7, 0.9)),
        "coloured": lambda: muted(rng, (0.25, 0.6)),
    }[kind]()
    creases = patterns.grain(rng, 2) + patterns.grain(rng, 6) + patterns.grain(rng, 30)
    return shaded(colour, np.exp(0.07 * creases), (0.5, 0.5))


def metal(rng: Rng) -> Material:
    """Steel, black or white coating, brass."""
    kind = pick(rng, steel=4, black=4, white=2, brass=1)
    if kind == "brass":
        colour = hsv(rng, (36, 46), (0.4, 0.6), (0.55, 0.75))
    else:
        value = {"steel": (0.45, 0.75), "black": (0.06, 0.18), "white": (0.8, 0.93)}[kind]
        colour = neutral(rng, value)
    return shaded(colour, np.exp(0.05 * patterns.grain(rng, 40, 1)), (0.6, 0.6))


def plastic(rng: Rng) -> Material:
    """One even colour, bold in four of ten."""
    return one_colour(any_colour(rng, 0.4))


def ceramic(rng: Rng) -> Material:
    """Glazed clay: white, terracotta or a colour."""
    kind = pick(rng, white=4, terracotta=3, coloured=4)
    if kind == "coloured":
        colour = any_colour(rng, 0.35)
    elif kind == "white":
        colour = neutral(rng, (0.8, 0.95))
    else:
        colour = hsv(rng, (12, 24), (0.5, 0.68), (0.55, 0.78))
    return shaded(colour, np.exp(0.05 * patterns.grain(rng, 10)), (1.0, 1.0))


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
    return printed(colour, layers, texture, (rng.uniform(0.4, 0.8),) * 2)


def leaves(rng: Rng) -> Material:
    """Green, from yellowish to bluish, with lighter veins and dry spots."""
    colour = hsv(rng, (75, 130), (0.3, 0.62), (0.2, 0.52))
    tone = (
        0.2 * patterns.grain(rng, 6)
        + 0.15 * patterns.grain(rng, 2)
        + 0.1 * patterns.grain(rng, 30, 1)
    )
    return shaded(colour, np.exp(tone), (0.5, 0.5))


def skin(rng: Rng) -> Material:
    """Skin from very light to very dark."""
    dark = rng.uniform() ** 1.2
    shown = np.array([236, 196, 172]) * (1 - dark) + np.array([86, 54, 40]) * dark
    colour = linear(*(shown * rng.uniform(0.92, 1.05, 3)))
    return shaded(colour, np.exp(0.05 * patterns.grain(rng, 20)), (1.0, 1.0))


def hair(rng: Rng) -> Material:
    """Black, brown, blond, red, grey."""
    kind = pick(rng, dark=6, brown=4, blond=2, red=0.7, grey=1.5)
    colour = {
        "dark": lambda: hsv(rng, (15, 35), (0.2, 0.5), (0.06, 0.18)),
        "brown": lambda: hsv(rng, (18, 30), (0.4, 0.65), (0.18, 0.4)),
        "blond": lambda: hsv(rng, (32, 44), (0.35, 0.55), (0.55, 0.8)),
        "red": lambda: hsv(rng, (12, 22), (0.6, 0.8), (0.35, 0.6)),
        "grey": lambda: neutral(rng, (0.45, 0.85)),
    }[kind]()
    return shaded(colour, np.exp(0.2 * patterns.grain(rng, 1.5, 30)), (1.0, 1.0))


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
        return shaded(timber(rng), np.exp(tone), (2.2, 1.0))
    colour = neutral(rng, (0.8, 0.95)) if draw < 0.8 else any_colour(rng, 0.25)
    return shaded(colour, np.exp(0.015 * patterns.grain(rng, 30)), (2.0, 2.0))


def ball_skin(rng: Rng) -> Material:
    """Segments of a beach ball, spots of a football, a basketball, or one colour; covers 0..1."""
    kind = pick(rng, segments=3, spots=3, basket=2, plain=3)
    one = np.ones((patterns.SIZE, patterns.SIZE), np.float32)
    if kind == "segments":
        colours = [bold(rng) if k % 2 else neutral(rng, (0.8, 0.95)) for k in range(6)]
        return Material(np.stack(colours).repeat(32, axis=0)[None].repeat(64, axis=0))
    if kind == "spots":
        ink = neutral(rng, (0.05, 0.15)) if rng.uniform() < 0.7 else bold(rng)
        return printed(neutral(rng, (0.85, 0.95)), [(ink, patterns.dots(4, 0.24))], one, (1, 1))
    if kind == "basket":
        lines = np.maximum(patterns.joints(4, 1, 4), np.roll(patterns.joints(1, 2, 4), 30, 0))
        orange = hsv(rng, (14, 26), (0.65, 0.85), (0.6, 0.8))
        return printed(orange, [(neutral(rng, (0.05, 0.12)), lines)], one, (1, 1))
    return shaded(bold(rng), np.exp(0.04 * patterns.grain(rng, 10)), (1.0, 1.0))


def bottle_glass(rng: Rng) -> Material:
    """Green, brown, clear-looking or coloured, some with a label around; covers 0..1."""
    kind = pick(rng, green=3, brown=2, clear=3, coloured=3)
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
    return one_colour(muted(rng, (0.4, 0.9)) if rng.uniform() < 0.15 else colour, glow)


def lamp_panel(rng: Rng) -> Material:
    """The lit face of a lamp at the ceiling, warm to cool white."""
    return one_colour(
        hsv(rng, (30, 50) if rng.integers(2) else (200, 230), (0, 0.12), (0.95, 1)), 2.5
    )
