# SPDX-License-Identifier: Apache-2.0
"""Rugs, runners and mats of all kinds: plain ones on plain floors, thick ones, fringed ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.shapes.flat import box
from training.scenes.shapes.patch import Patch
from training.scenes.shapes.round import cylinder
from training.scenes.surfaces import patterns
from training.scenes.surfaces.colours import any_colour, bold, hsv, neutral
from training.scenes.surfaces.material import Material
from training.scenes.surfaces.painting import pick
from training.scenes.surfaces.pictures import rug_weave
from training.scenes.things import RUG, Thing

Array = NDArray[Any]
Rng = np.random.Generator

_v, _u = np.mgrid[0 : patterns.SIZE, 0 : patterns.SIZE] / patterns.SIZE


def any_rug(rng: Rng, length: float, width: float) -> list[Thing]:
    """A rug about the origin: flat to shaggy, rectangular, round or oval."""
    thick = float(rng.choice([rng.uniform(0.005, 0.012), rng.uniform(0.012, 0.035)]))
    size = max(length, width), min(length, width)
    weave = _weave(rng, size)
    if rng.random() < 0.2:
        even = rng.random() < 0.6
        return [Thing(_round(length, min(width, length) if even else width, thick), weave, RUG)]
    half = (length / 2, width / 2)
    things = [Thing(box((-half[0], -half[1], 0.001), (*half, thick), cell=0.3), weave, RUG)]
    if rng.random() < 0.2:
        things.append(_fringe(rng, half))
    return things


def door_mat(rng: Rng) -> list[Thing]:
    """A small mat, of coconut, rubber or cloth."""
    length, width = rng.uniform(0.5, 0.9), rng.uniform(0.35, 0.55)
    return any_rug(rng, width, length)


def _weave(rng: Rng, size: tuple[float, float]) -> Material:
    kind = pick(rng, woven=4, plain=3, shaggy=2, medallion=2.5)
    if kind == "woven":
        return rug_weave(rng, size)
    ground = neutral(rng, (0.1, 0.9)) if rng.random() < 0.6 else any_colour(rng, 0.3)
    if kind == "medallion":
        return _medallion(rng, size)
    tufts = 0.25 if kind == "shaggy" else 0.07
    coarse = float(rng.uniform(2, 5) // 1) if kind == "shaggy" else 0.8
    pile = rng.uniform(0.4, 1.2) * tufts * (patterns.grain(rng, coarse) + patterns.grain(rng, 20))
    picture = ground * np.exp(pile)[..., None]
    if rng.random() < 0.35:  # a plain one with a sewn edge
        edge = np.minimum(np.minimum(_u, 1 - _u) * size[0], np.minimum(_v, 1 - _v) * size[1])
        picture[edge < rng.uniform(0.01, 0.06)] = any_colour(rng, 0.2)
    return Material(picture.clip(0.01, 0.95), size)


def _medallion(rng: Rng, size: tuple[float, float]) -> Material:
    """Borders within borders about a figure in the middle, all sprinkled with small flowers."""
    red = hsv(rng, (-10, 25), (0.4, 0.8), (0.25, 0.6)) if rng.random() < 0.5 else bold(rng)
    palette = [red, any_colour(rng, 0.4), neutral(rng, (0.6, 0.9)), any_colour(rng, 0.4)]
    edge = np.minimum(np.minimum(_u, 1 - _u) * size[0], np.minimum(_v, 1 - _v) * size[1])
    edge = edge / min(size)
    picture = np.tile(palette[0], (patterns.SIZE, patterns.SIZE, 1))
    across, up = abs(_u - 0.5) * size[0] / size[1], abs(_v - 0.5)
    radius = np.hypot(across, up) if rng.random() < 0.5 else across + up
    for reach in sorted(rng.uniform(0.08, 0.42, int(rng.integers(1, 4))), reverse=True):
        picture[radius < reach] = palette[rng.integers(4)]
    for inside in sorted(rng.uniform(0.02, 0.2, int(rng.integers(2, 5))), reverse=True):
        picture[edge < inside] = palette[rng.integers(4)]
    for _ in range(2):
        flowers = patterns.blotches(rng, float(rng.integers(2, 6)), rng.uniform(0.1, 0.25))
        picture = picture + (palette[rng.integers(4)] - picture) * 0.8 * flowers[..., None]
    faded = np.exp(0.1 * patterns.grain(rng, 40) + 0.1 * patterns.grain(rng, 0.8))
    return Material((picture * faded[..., None]).clip(0.01, 0.95), size)


def _fringe(rng: Rng, half: tuple[float, float]) -> Thing:
    """Threads at the two short ends."""
    reach, colour = rng.uniform(0.03, 0.09), neutral(rng, (0.4, 0.9))
    line = np.where(np.arange(32) % 4 < 3, 1.0, 0.35)[None, :, None]
    threads = Material((colour * np.tile(line, (32, 1, 1))).clip(0.01, 0.95), (0.1, 0.1))
    x, y = half
    if x >= y:
        ends = [((-x - reach, -y, 0.001), (-x, y, 0.004)), ((x, -y, 0.001), (x + reach, y, 0.004))]
    else:
        ends = [((-x, -y - reach, 0.001), (x, -y, 0.004)), ((-x, y, 0.001), (x, y + reach, 0.004))]
    return Thing([side for low, up in ends for side in box(low, up, cell=0.3)], threads, RUG)


def _round(length: float, width: float, thick: float) -> list[Patch]:
    """An oval plate; its texture is laid flat on it."""
    side, lid, _ = cylinder(0.5, 0.001, thick, segments=24)
    stretch = np.array([length, width, 1.0])
    flat = (lid.points[..., :2] + 0.5) * (length, width)
    return [
        Patch(side.points * stretch, side.uv, side.normals),
        Patch(lid.points * stretch, flat, lid.normals),
    ]
