# SPDX-License-Identifier: Apache-2.0
"""Repeating patterns as pictures of brightness or of shares, drawn from a pool of noise.

A pattern is (SIZE, SIZE) float32 and has no seam: its left side goes on at its right one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.surfaces.material import noise

Array = NDArray[Any]

SIZE = 256
_POOL = 6  # pictures of each grain


def grain(rng: np.random.Generator, x_px: float, y_px: float | None = None) -> Array:
    """Smooth noise of unit deviation whose spots measure `x_px` by `y_px`."""
    picture = _pooled(float(x_px), float(x_px if y_px is None else y_px), int(rng.integers(_POOL)))
    return np.roll(picture, tuple(rng.integers(0, SIZE, 2)), axis=(0, 1))


@lru_cache(maxsize=256)
def _pooled(x_px: float, y_px: float, index: int) -> Array:
    return noise((SIZE, SIZE), (x_px, y_px), index * 7919 + 1)


def boards(rng: np.random.Generator, rows: int, across: int, contrast: float = 0.16) -> Array:
    """Log brightness of staggered boards along x: tone, fibres and joints."""
    tone = np.empty((SIZE, SIZE), np.float32)
    tops = np.linspace(0, SIZE, rows + 1).astype(int)
    length = SIZE // across
    for top, bottom in zip(tops[:-1], tops[1:], strict=True):
        line = np.repeat(rng.normal(0, contrast, across), length)
        line = np.resize(line, SIZE)
        line[::length] -= 0.6
        tone[top:bottom] = np.roll(line, int(rng.integers(SIZE)))
    tone[tops[:-1]] -= 0.6
    return tone + 0.07 * grain(rng, 24, 1) + 0.05 * grain(rng, 16, 3)


def fibres(rng: np.random.Generator, strength: float) -> Array:
    """Log brightness of the grain of wood along x."""
    return strength * (grain(rng, 40, 1.5) + 0.6 * grain(rng, 24, 4) + 0.8 * grain(rng, 60, 12))


def joints(columns: int, rows: int, width_px: int, shift: bool = False) -> Array:
    """1 on the joints of a grid of tiles, 0 on the tiles; `shift` sets every other row by half."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    row, along = y * rows // SIZE, x * columns / SIZE
    if shift:
        along = along + 0.5 * (row % 2)
    at_side = (along % 1) * SIZE / columns < width_px
    at_top = (y * rows / SIZE % 1) * SIZE / rows < width_px
    return (at_side | at_top).astype(np.float32)


def tile_tones(rng: np.random.Generator, columns: int, rows: int, shift: bool = False) -> Array:
    """One number of unit deviation for each tile of the grid that `joints` draws."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    row = y * rows // SIZE
    along = x * columns / SIZE + (0.5 * (row % 2) if shift else 0)
    column = along.astype(int) % columns
    return rng.standard_normal((rows, columns)).astype(np.float32)[row, column]


def weave(rng: np.random.Generator, strength: float) -> Array:
    """Brightness about 1 of threads that cross."""
    threads = grain(rng, 3, 0.7) + grain(rng, 0.7, 3)
    return np.clip(1 + strength * threads, 0.3, 1.7)


def stripes(rng: np.random.Generator, count: int, share: float, across: bool = False) -> Array:
    """1 on stripes along y (along x if `across`), each pair of them unevenly wide."""
    phase = (np.arange(SIZE) * count / SIZE + rng.uniform()) % 1
    line = (phase < share) | (abs(phase - (1 + share) / 2) < 0.04 * rng.integers(2))
    picture = np.broadcast_to(line.astype(np.float32), (SIZE, SIZE))
    return picture.T if across else picture


def dots(count: int, radius: float) -> Array:
    """1 on staggered dots, `count` a side; `radius` as a share of their distance."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] * (count / SIZE)
    y2 = y * 2
    x2 = x + 0.5 * (y2.astype(int) % 2)
    return (np.hypot(x2 % 1 - 0.5, (y2 % 1 - 0.5) / 2) < radius).astype(np.float32)


def diamonds(columns: int, rows: int, share: float) -> Array:
    """1 on diamonds of a grid."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    distance = abs(x * columns / SIZE % 1 - 0.5) + abs(y * rows / SIZE % 1 - 0.5)
    return (distance < share).astype(np.float32)


def blotches(rng: np.random.Generator, size_px: float, share: float) -> Array:
    """1 on soft-edged spots without order, as leaves or flowers of a print."""
    field = grain(rng, size_px)
    return np.clip((field - np.quantile(field[::4, ::4], 1 - share)) * 6, 0, 1)
