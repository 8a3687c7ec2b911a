# SPDX-License-Identifier: Apache-2.0
"""Composition of a material's picture from colours and patterns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.surfaces import patterns
from training.scenes.surfaces.material import Material

Array = NDArray[Any]
Rng = np.random.Generator
Tile = tuple[float, float]


def one_colour(colour: Array, glow: float = 0.0) -> Material:
    """A surface without a pattern; `glow` as in `Material`."""
    return Material(np.asarray(colour, np.float32).reshape(1, 1, 3), glow=glow)


def shaded(colour: Array, brightness: Array, tile: Tile) -> Material:
    """One colour times a picture of brightness."""
    return Material((colour * brightness[..., None]).clip(0.01, 0.95), tile)


def printed(
    ground: Array, layers: list[tuple[Array, Array]], texture: Array, tile: Tile
) -> Material:
    """Layers of (colour, share picture) printed on a ground, times a picture of brightness."""
    picture = np.broadcast_to(np.asarray(ground, np.float32), (patterns.SIZE, patterns.SIZE, 3))
    for colour, share in layers:
        picture = picture + (np.asarray(colour, np.float32) - picture) * share[..., None]
    return Material((picture * texture[..., None]).clip(0.01, 0.95), tile)


def pick(rng: Rng, **shares: float) -> str:
    """One of the names, each as often as its share says."""
    weights = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=weights / weights.sum()))


def with_joints(picture: Array, grout: Array, joints: Array) -> Array:
    """A picture (h, w, 3) of tiles, with `grout` (3,) where `joints` (h, w) is 1."""
    return (picture + (grout - picture) * joints[..., None]).clip(0.01, 0.95)
