# SPDX-License-Identifier: Apache-2.0
"""Colours as homes and offices have them: mostly muted, sometimes bold; all in linear light."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.surfaces.material import linear

Array = NDArray[Any]
Range = tuple[float, float]


def hsv(rng: np.random.Generator, hue_deg: Range, saturation: Range, value: Range) -> Array:
    """Linear RGB (3,) drawn from ranges of hue, saturation and value as a screen shows them."""
    hue = rng.uniform(*hue_deg) % 360 / 360
    shown = colorsys.hsv_to_rgb(hue, rng.uniform(*saturation), rng.uniform(*value))
    return linear(*(255 * c for c in shown))


def neutral(rng: np.random.Generator, value: Range = (0.15, 0.92)) -> Array:
    """White, grey, greige, black: a little warm or a little cool."""
    warm = rng.uniform() < 0.65
    return hsv(rng, (20, 55) if warm else (190, 250), (0.0, 0.14), value)


def muted(rng: np.random.Generator, value: Range = (0.2, 0.85)) -> Array:
    """Greyish: warm hues and blues more often than greens and purples."""
    hue, _, _ = _PAINTS[rng.choice(len(_PAINTS), p=_SHARES)]
    return hsv(rng, hue, (0.08, 0.38), value)


def bold(rng: np.random.Generator) -> Array:
    """Strong, as paints and dyes are: bright reds and yellows, but deep greens and purples."""
    return hsv(rng, *_PAINTS[rng.choice(len(_PAINTS), p=_SHARES)])


# Hue, saturation and value of strong paints, and how common they are.
_PAINTS: list[tuple[Range, Range, Range]] = [
    ((-12, 8), (0.6, 0.9), (0.4, 0.8)),  # red
    ((12, 34), (0.55, 0.9), (0.5, 0.9)),  # orange, rust, brown
    ((38, 54), (0.5, 0.85), (0.65, 0.92)),  # yellow, mustard
    ((65, 110), (0.3, 0.6), (0.3, 0.7)),  # olive, leaf green
    ((130, 170), (0.35, 0.7), (0.2, 0.55)),  # deep green
    ((175, 200), (0.4, 0.8), (0.3, 0.7)),  # teal
    ((202, 238), (0.5, 0.85), (0.25, 0.8)),  # blue, navy
    ((255, 300), (0.25, 0.5), (0.3, 0.6)),  # purple
    ((325, 348), (0.35, 0.65), (0.5, 0.85)),  # pink, wine
]
_SHARES = [0.15, 0.15, 0.11, 0.08, 0.09, 0.11, 0.2, 0.05, 0.06]


def any_colour(rng: np.random.Generator, boldness: float = 0.2) -> Array:
    """Neutral in 4 of 10 draws, bold in a share of `boldness`, muted in the rest."""
    draw = rng.uniform()
    if draw < boldness:
        return bold(rng)
    return neutral(rng) if draw < boldness + 0.4 else muted(rng)


def timber(rng: np.random.Generator) -> Array:
    """The colour of a wood: from birch by oak, cherry and walnut to wenge; sometimes greyed."""
    kinds: list[tuple[Range, Range, Range]] = [
        ((32, 40), (0.22, 0.38), (0.75, 0.88)),  # birch, maple, pine
        ((28, 36), (0.4, 0.58), (0.58, 0.76)),  # oak, beech
        ((14, 24), (0.5, 0.7), (0.4, 0.58)),  # cherry, mahogany
        ((20, 28), (0.4, 0.6), (0.26, 0.42)),  # walnut
        ((15, 30), (0.2, 0.4), (0.13, 0.24)),  # wenge
        ((25, 45), (0.05, 0.18), (0.45, 0.75)),  # greyed
    ]
    return hsv(rng, *kinds[rng.choice(len(kinds), p=[0.25, 0.3, 0.12, 0.17, 0.06, 0.1])])
