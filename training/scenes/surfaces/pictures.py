# SPDX-License-Identifier: Apache-2.0
"""Materials that cover one thing once: posters, rugs, what is seen through a window; v upwards."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.scenes.surfaces import patterns
from training.scenes.surfaces.colours import any_colour, bold, hsv, muted, neutral
from training.scenes.surfaces.material import Material

Array = NDArray[Any]
Rng = np.random.Generator

_v, _u = (np.mgrid[0 : patterns.SIZE, 0 : patterns.SIZE] / patterns.SIZE).astype(np.float32)


def poster(rng: Rng, size_m: tuple[float, float]) -> Material:
    """A painting, photograph or print of `size_m` (width, height)."""
    kinds = (_hills, _shapes, _blurred, _print_sheet, _portrait)
    picture = kinds[rng.integers(len(kinds))](rng)
    if rng.uniform() < 0.3:
        border = np.minimum(np.minimum(_u, 1 - _u), np.minimum(_v, 1 - _v)) < rng.uniform(
            0.04, 0.16
        )
        picture[border] = neutral(rng, (0.8, 0.95))
    if rng.uniform() < 0.15:
        picture[:] = picture.mean(axis=-1, keepdims=True)
    strokes = np.exp(0.05 * patterns.grain(rng, 4, 1.5))[..., None]
    return Material((picture * strokes).clip(0.01, 0.95), size_m)


def _hills(rng: Rng) -> Array:
    """Ridges under a sky."""
    sky = _v[..., None]
    low, high = (
        hsv(rng, (10, 60), (0.1, 0.6), (0.7, 1)),
        hsv(rng, (180, 250), (0.2, 0.6), (0.4, 0.9)),
    )
    picture = low * (1 - sky) + high * sky
    sun = rng.uniform(0.2, 0.8, 2)
    picture[np.hypot(_u - sun[0], _v - sun[1]) < rng.uniform(0.02, 0.08)] = (0.9, 0.85, 0.65)
    hue = rng.uniform(0, 360)
    base = rng.uniform(0.45, 0.65)
    for value in np.linspace(0.65, 0.2, int(rng.integers(2, 5))):
        wave, turn = rng.uniform(0.02, 0.1), rng.uniform(2, 9)
        ridge = base + wave * np.sin(turn * _u + hue) + 0.02 * np.sin(5 * turn * _u)
        picture[ridge > _v] = hsv(rng, (hue, hue + 40), (0.2, 0.6), (value, value + 0.1))
        base -= rng.uniform(0.1, 0.2)
    return picture


def _shapes(rng: Rng) -> Array:
    """Circles and rectangles of few colours."""
    picture = np.tile(neutral(rng, (0.6, 0.95)), (patterns.SIZE, patterns.SIZE, 1))
    palette = [any_colour(rng, 0.5) for _ in range(4)]
    for _ in range(int(rng.integers(3, 9))):
        x, y, colour = *rng.uniform(0.1, 0.9, 2), palette[int(rng.integers(4))]
        if rng.integers(2):
            picture[np.hypot(_u - x, _v - y) < rng.uniform(0.04, 0.3)] = colour
        else:
            wide, tall = rng.uniform(0.03, 0.3, 2)
            picture[(abs(_u - x) < wide) & (abs(_v - y) < tall)] = colour
    return picture


def _blurred(rng: Rng) -> Array:
    """Soft clouds between three colours."""
    picture = np.tile(any_colour(rng, 0.3), (patterns.SIZE, patterns.SIZE, 1))
    for size in (20, 10, 5):
        share = patterns.blotches(rng, size, rng.uniform(0.3, 0.6))[..., None]
        picture = picture + (any_colour(rng, 0.4) - picture) * share
    return picture


def _print_sheet(rng: Rng) -> Array:
    """A sheet with a headline, lines of text and a picture."""
    ground, ink = neutral(rng, (0.8, 0.97)), neutral(rng, (0.05, 0.35))
    if rng.uniform() < 0.3:
        ground, ink = any_colour(rng, 0.5), neutral(rng, (0.7, 0.97))
    picture = np.tile(ground, (patterns.SIZE, patterns.SIZE, 1))
    words = patterns.grain(rng, 5, 0.7) > -0.5
    lines = (_v * 24 % 1 < 0.45) & words & (_u > 0.12) & (_u < 0.88) & (_v > 0.08) & (_v < 0.8)
    picture[lines] = ink
    picture[(_v > 0.85) & (_v < 0.92) & (_u > 0.12) & (_u < rng.uniform(0.4, 0.9))] = ink
    x, y = rng.uniform(0.1, 0.5, 2)
    frame = (_u > x) & (_u < x + 0.4) & (_v > y) & (_v < y + 0.3)
    picture[frame] = _blurred(rng)[frame]
    return picture


def _portrait(rng: Rng) -> Array:
    """A head and shoulders, much simplified, on a soft ground."""
    picture = _blurred(rng) * 0.6 + 0.4 * muted(rng)
    x, size = rng.uniform(0.4, 0.6), rng.uniform(0.12, 0.2)
    picture[np.hypot((_u - x) / 2.2, _v - 0.1) < size * 1.3] = any_colour(rng, 0.4)
    picture[np.hypot(_u - x, (_v - 0.6) / 1.3) < size * 1.2] = hsv(
        rng, (10, 40), (0.3, 0.7), (0.1, 0.6)
    )
    picture[np.hypot(_u - x, (_v - 0.56) / 1.3) < size] = hsv(rng, (15, 32), (0.3, 0.6), (0.3, 0.9))
    return picture


def rug_weave(rng: Rng, size_m: tuple[float, float]) -> Material:
    """A rug of `size_m` with borders and a field that is plain, striped, patterned or shaggy."""
    ground = bold(rng) if rng.uniform() < 0.3 else any_colour(rng, 0.15)
    picture = np.tile(ground, (patterns.SIZE, patterns.SIZE, 1))
    kind = rng.integers(5)
    count = int(rng.integers(3, 10))
    wide = max(1, round(count * size_m[0] / size_m[1]))
    for _ in range(int(rng.integers(1, 4)) if kind else 0):
        share = [
            lambda: patterns.stripes(rng, count, rng.uniform(0.1, 0.6), bool(rng.integers(2))),
            lambda: patterns.diamonds(wide, count, rng.uniform(0.12, 0.4)),
            lambda: patterns.blotches(rng, int(rng.integers(3, 16)), rng.uniform(0.15, 0.5)),
            lambda: patterns.dots(count, rng.uniform(0.1, 0.24)),
        ][kind - 1]()
        picture = picture + (any_colour(rng, 0.3) - picture) * share[..., None]
    if rng.uniform() < 0.55:
        from_edge = np.minimum(
            np.minimum(_u, 1 - _u) * size_m[0], np.minimum(_v, 1 - _v) * size_m[1]
        ) / min(size_m)
        for inside in sorted(rng.uniform(0.015, 0.14, int(rng.integers(1, 4))), reverse=True):
            picture[from_edge < inside] = any_colour(rng, 0.3)
    pile = rng.uniform(0.08, 0.25) * (patterns.grain(rng, 0.8) + 0.4 * patterns.grain(rng, 3))
    return Material((picture * np.exp(pile)[..., None]).clip(0.01, 0.95), size_m)


def view_outside(rng: Rng, size_m: tuple[float, float]) -> Material:
    """Sky over out-of-focus trees or houses, or the night; glows."""
    sky = _v[..., None]
    night = rng.uniform() < 0.12
    if night:
        picture = hsv(rng, (210, 250), (0.4, 0.7), (0.05, 0.2)) * (1 + 0 * sky)
    elif rng.uniform() < 0.4:
        picture = neutral(rng, (0.85, 0.97)) * (0.85 + 0.15 * sky)
    else:
        picture = (
            neutral(rng, (0.9, 1)) * (1 - sky) + hsv(rng, (200, 222), (0.2, 0.55), (0.8, 1)) * sky
        )
    horizon = rng.uniform(0.1, 0.6)
    if rng.uniform() < 0.65:
        field = patterns.grain(rng, 10) + 0.7 * patterns.grain(rng, 4)
        green = hsv(rng, (60, 130), (0.25, 0.6), (0.25, 0.6)) * (0.15 if night else 1)
        tree = (0.12 * field + horizon > _v)[..., None]
        picture = np.where(tree, green * np.exp(0.35 * patterns.grain(rng, 5))[..., None], picture)
    if rng.uniform() < 0.5:
        for _ in range(int(rng.integers(1, 4))):
            left = rng.uniform(-0.2, 0.9)
            wide, tall = rng.uniform(0.15, 0.5), rng.uniform(0.2, 0.8)
            house = (_u > left) & (_u < left + wide) & (_v < tall)
            panes = (_u * 14 % 1 < 0.5) & (_v * 11 % 1 < 0.55)
            wall = muted(rng, (0.4, 0.85)) * (0.1 if night else 1)
            lit = (0.9, 0.7, 0.35) if night else wall * 0.35
            picture[house] = wall
            picture[house & panes] = lit
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), rng.uniform(0.8, 3.0))
    return Material(soft.clip(0.005, 0.98), size_m, glow=0.6 if night else rng.uniform(1.2, 2.6))
