# SPDX-License-Identifier: Apache-2.0
"""Coverings of walls, floors and ceilings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.surfaces import patterns
from training.scenes.surfaces.colours import any_colour, hsv, muted, neutral, timber
from training.scenes.surfaces.material import Material
from training.scenes.surfaces.painting import pick, printed, shaded, with_joints
from training.scenes.surfaces.textiles import printed_pattern

Array = NDArray[Any]
Rng = np.random.Generator
Tile = tuple[float, float]


def wall_covering(rng: Rng) -> Material:
    """Paint for the most part; also wallpaper, brick, tiles, boards, bare plaster."""
    kind = pick(rng, paint=60, plaster=12, wallpaper=11, brick=5, tiles=6, boards=6)
    light, uneven = (0.72, 0.95), rng.uniform(0.01, 0.03)
    if kind in ("paint", "wallpaper"):
        draw = rng.uniform()
        colour = neutral(rng, light) if draw < 0.6 else muted(rng, light)
        if draw > 0.88:
            colour = muted(rng, (0.35, 0.7))
        texture = 1 + uneven * (patterns.grain(rng, 40) + 0.7 * patterns.grain(rng, 1))
        if kind == "paint":
            return shaded(colour, texture, (2.5, 2.5))
        ink = colour * rng.uniform(0.6, 0.9) if rng.uniform() < 0.7 else muted(rng, (0.4, 0.8))
        return printed(colour, [(ink, printed_pattern(rng))], texture, (rng.uniform(0.5, 1.2),) * 2)
    if kind == "plaster":
        spots = patterns.grain(rng, 10) + 0.8 * patterns.grain(rng, 30) + patterns.grain(rng, 2)
        return shaded(neutral(rng, (0.5, 0.85)), np.exp(0.05 * spots), (1.8, 1.8))
    if kind == "brick":
        tones = np.exp(0.22 * patterns.tile_tones(rng, 4, 12, True) + 0.1 * patterns.grain(rng, 2))
        red = hsv(rng, (5, 22), (0.35, 0.65), (0.4, 0.65))
        colour = red if rng.uniform() < 0.6 else neutral(rng, (0.7, 0.92))
        grout = colour * 0.5 + neutral(rng, (0.4, 0.8)) * 0.5
        picture = colour * tones[..., None]
        return Material(with_joints(picture, grout, patterns.joints(4, 12, 3, True)), (1.0, 0.9))
    if kind == "tiles":
        return _tiled(rng, neutral(rng, (0.6, 0.93)), (0.1, 0.35))
    tone = patterns.boards(rng, int(rng.integers(6, 14)), 1, 0.08)
    colour = timber(rng) if rng.uniform() < 0.6 else neutral(rng, (0.6, 0.92))
    return shaded(colour, np.exp(tone), (2.0, 1.5))


def floor_covering(rng: Rng) -> Material:
    """Wooden planks, laminate, parquet, tiles, carpet, concrete or vinyl."""
    kind = pick(rng, planks=38, parquet=8, tiles=20, carpet=20, concrete=7, vinyl=7)
    if kind == "planks":
        tone = patterns.boards(rng, int(rng.integers(8, 18)), 2, rng.uniform(0.04, 0.2))
        return shaded(timber(rng), np.exp(tone), (2.4, 1.8))
    if kind == "parquet":
        across, along = patterns.fibres(rng, 0.06), patterns.fibres(rng, 0.06).T
        y, x = np.mgrid[0 : patterns.SIZE, 0 : patterns.SIZE] * 4 // patterns.SIZE
        tone = np.where((x + y) % 2, across, along) + 0.1 * patterns.tile_tones(rng, 16, 16)
        tone = tone - 0.35 * patterns.joints(4, 4, 1)
        return shaded(timber(rng), np.exp(tone), (1.6, 1.6))
    if kind == "tiles":
        return _tiled(rng, neutral(rng, (0.3, 0.88)), (0.3, 0.6))
    if kind == "carpet":
        pile = (
            patterns.grain(rng, 0.8) + 0.7 * patterns.grain(rng, 2) + 0.5 * patterns.grain(rng, 16)
        )
        colour = neutral(rng, (0.25, 0.75)) if rng.uniform() < 0.6 else muted(rng, (0.25, 0.65))
        texture = np.exp(rng.uniform(0.05, 0.16) * pile)
        if rng.uniform() < 0.25:  # carpet tiles of an office
            texture = texture * np.exp(0.07 * patterns.tile_tones(rng, 4, 4))
        return shaded(colour, texture, (2.0, 2.0))
    spots = patterns.grain(rng, 30) + 0.6 * patterns.grain(rng, 8) + 0.4 * patterns.grain(rng, 1)
    if kind == "concrete":
        return shaded(neutral(rng, (0.4, 0.72)), np.exp(0.07 * spots), (3.0, 3.0))
    speckles = patterns.blotches(rng, 1.2, 0.1)
    colour = any_colour(rng, 0.1) * 0.7 + 0.1
    return printed(colour, [(colour * 0.6, speckles)], np.exp(0.02 * spots), (0.9, 0.9))


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
        with_joints(picture, grout, patterns.joints(count, rows, 2)), (size * count, size * count)
    )


def ceiling_covering(rng: Rng) -> Material:
    """White paint; sometimes panels as in an office, rarely boards."""
    kind = pick(rng, paint=80, panels=15, boards=5)
    colour = neutral(rng, (0.85, 0.97))
    if kind == "panels":
        specks = 1 - 0.12 * patterns.blotches(rng, 1, 0.15)
        return shaded(colour, specks * (1 - 0.45 * patterns.joints(2, 2, 3)), (1.2, 1.2))
    if kind == "boards":
        return shaded(timber(rng), np.exp(patterns.boards(rng, 12, 1, 0.08)), (2.4, 1.5))
    return shaded(colour, 1 + 0.012 * patterns.grain(rng, 30), (3.0, 3.0))
