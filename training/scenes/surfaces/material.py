# SPDX-License-Identifier: Apache-2.0
"""The picture of a surface, in levels for far and near, and the noise that such pictures need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Material:
    """A repeating picture of a surface.

    Attributes:
        albedo: (h, w, 3) linear RGB, 0..1.
        tile: width and height that the picture covers, in units of the texture coordinates.
        glow: light given off, as a multiple of the albedo; 0 for most things.
        gloss: how much it mirrors, as a multiple of what polished wood or tile does; 0 is matt.
    """

    albedo: Array
    tile: tuple[float, float] = (1.0, 1.0)
    glow: float = 0.0
    gloss: float = 0.0

    @cached_property
    def levels(self) -> list[Array]:
        """The picture at powers of two, each half as large as the one before; the last is 1x1."""
        height, width = (1 << int(np.ceil(np.log2(n))) for n in self.albedo.shape[:2])
        level = np.ascontiguousarray(self.albedo, np.float32)
        if level.shape[:2] != (height, width):
            level = cv2.resize(level, (width, height)).reshape(height, width, 3)
        levels = [level]
        while max(level.shape[:2]) > 1:
            size = (max(1, level.shape[1] // 2), max(1, level.shape[0] // 2))
            level = cv2.resize(level, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], 3)
            levels.append(level)
        return levels

    @property
    def mean(self) -> Array:
        """Mean albedo, (3,)."""
        return self.levels[-1][0, 0]


def linear(r: float, g: float, b: float) -> Array:
    """A colour of 0..255 as a screen shows it, in linear light."""
    return (np.array([r, g, b], np.float32) / 255) ** 2.2


def noise(shape: tuple[int, int], grain: tuple[float, float], seed: int) -> Array:
    """Seamless smooth noise (h, w) with unit deviation; `grain` is its size along x and y, px."""
    white = np.random.default_rng(seed).standard_normal(shape)
    along_y, along_x = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    blur = np.exp(-2 * np.pi**2 * ((grain[0] * along_x) ** 2 + (grain[1] * along_y) ** 2))
    smooth = np.fft.irfft2(np.fft.rfft2(white) * blur, s=shape)
    return ((smooth - smooth.mean()) / smooth.std()).astype(np.float32)


def plain(r: float, g: float, b: float, glow: float = 0.0) -> Material:
    """One colour."""
    return Material(linear(r, g, b).reshape(1, 1, 3), glow=glow)
