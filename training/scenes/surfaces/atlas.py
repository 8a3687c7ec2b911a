# SPDX-License-Identifier: Apache-2.0
"""The pictures of all materials in one array, so that one look-up serves all pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.surfaces.material import Material

Array = NDArray[Any]


class Atlas:
    """Albedo and glow of a list of materials.

    Attributes:
        gloss: (M,) of each material in the list.
    """

    def __init__(self, materials: list[Material], texel_m: float, blend_levels: bool) -> None:
        """Pack the materials; one that occurs twice is stored once. See `Quality`."""
        unique = list({id(material): material for material in materials}.values())
        place = {id(material): index for index, material in enumerate(unique)}
        self._place = np.array([place[id(material)] for material in materials])
        levels = [_coarse_enough(material, texel_m) for material in unique]
        most = max(map(len, levels))
        self._blend = blend_levels
        self._start = np.zeros((len(unique), most), np.int32)
        self._size = np.ones((len(unique), most, 2), np.int32)  # width, height
        self._tile = np.array([material.tile for material in unique], np.float32)
        self._last = np.array([len(of_one) - 1 for of_one in levels], np.float32)
        self._glow = np.array([material.glow for material in unique], np.float32)
        self.gloss = np.array([material.gloss for material in materials], np.float32)
        texels, count = [], 0
        for row, of_one in enumerate(levels):
            for column, level in enumerate(of_one):
                self._start[row, column:] = count
                self._size[row, column] = level.shape[1], level.shape[0]
                texels.append(level.reshape(-1, 3))
                count += len(texels[-1])
        self._texels = np.concatenate(texels)

    def mean(self) -> Array:
        """Mean albedo (M, 3) of each material in the list."""
        last = self._start[:, -1]
        return self._texels[last][self._place]

    def look_up(self, material: Array, uv: Array, footprint: Array) -> tuple[Array, Array]:
        """Albedo (N, 3) and glow (N,) of materials (N,) at `uv` (N, 2).

        Args:
            material: index in the list.
            uv: texture coordinates.
            footprint: (N,) length in texture coordinates that a pixel covers.
        """
        row = self._place[material]
        glow = self._glow[row]
        tiles = uv / self._tile[row]
        tiles -= np.floor(tiles)
        texels = footprint * (self._size[row, 0, 0] / self._tile[row, 0])
        # Half a level sharper than the average would be: the lens blurs the picture again.
        level = np.log2(np.maximum(texels, 1e-3)) - 0.5
        level = np.minimum(np.maximum(level, 0), self._last[row]).astype(np.float32)
        if not self._blend:
            return self._bilinear(row, (level + np.float32(0.5)).astype(np.int32), tiles), glow
        near = level.astype(np.int32)
        share = (level - near)[:, None]
        albedo = self._bilinear(row, near, tiles)
        between = np.flatnonzero(share[:, 0] > 0)
        beyond = self._bilinear(row[between], near[between] + 1, tiles[between])
        albedo[between] += (beyond - albedo[between]) * share[between]
        return albedo, glow

    def _bilinear(self, row: Array, level: Array, tiles: Array) -> Array:
        size = self._size[row, level]
        start, width = self._start[row, level], size[:, 0]
        where = tiles * size.astype(np.float32) - np.float32(0.5)
        low = np.floor(where)
        share = where - low
        # Sizes are powers of two, so that the picture repeats by a mask.
        first = low.astype(np.int32)
        (x0, y0), (x1, y1) = (first & (size - 1)).T, ((first + 1) & (size - 1)).T
        y0, y1 = start + y0 * width, start + y1 * width
        tx, ty = share[:, :1], share[:, 1:]
        a, c = self._texels[y0 + x0], self._texels[y1 + x0]
        a += (self._texels[y0 + x1] - a) * tx
        c += (self._texels[y1 + x1] - c) * tx
        return np.asarray(a + (c - a) * ty)


def _coarse_enough(material: Material, texel_m: float) -> list[Array]:
    levels = material.levels
    while len(levels) > 1 and material.tile[0] / levels[0].shape[1] < texel_m:
        levels = levels[1:]
    return levels
