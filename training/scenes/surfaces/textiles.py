# SPDX-License-Identifier: Apache-2.0
"""Cloth: upholstery, linen, curtains, clothes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.surfaces import patterns
from training.scenes.surfaces.colours import any_colour, bold, hsv, muted, neutral
from training.scenes.surfaces.material import Material
from training.scenes.surfaces.painting import pick, printed

Array = NDArray[Any]
Rng = np.random.Generator


def printed_pattern(rng: Rng) -> Array:
    """The share picture of a printed or woven pattern."""
    kind = pick(rng, stripes=3, checks=2, dots=1.5, flowers=2.5, diamonds=1)
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


def _textile(
    rng: Rng, colour: Array, with_print: float, roughness: float, tile_m: float
) -> Material:
    """Cloth of a colour, in a share of `with_print` draws with a pattern of one or two more."""
    texture = patterns.weave(rng, roughness * rng.uniform(0.4, 1.3))
    texture = texture * np.exp(0.04 * patterns.grain(rng, 20))
    layers = []
    if rng.uniform() < with_print:
        related = np.clip(colour * rng.choice([0.4, 0.6, 1.5, 2.2]) + 0.01, 0.02, 0.85)
        layers.append(
            (related if rng.uniform() < 0.5 else any_colour(rng, 0.3), printed_pattern(rng))
        )
        if rng.uniform() < 0.3:
            layers.append(
                (any_colour(rng, 0.3), printed_pattern(rng) * patterns.blotches(rng, 12, 0.5))
            )
    return printed(colour, layers, texture, (tile_m, tile_m))


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
