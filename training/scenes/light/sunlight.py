# SPDX-License-Identifier: Apache-2.0
"""The sun through windows: bright patches with sharp edges on floors, walls and furniture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.light.rays import Rays

Array = NDArray[Any]

_LIFT_M = 0.003  # rays start this far above their surface


@dataclass(frozen=True)
class Sun:
    """Parallel light that comes in through rectangles.

    Attributes:
        towards: (3,) unit vector towards the sun.
        panes: (P, 3, 3) corner and two right-angled edges of each opening, metres.
        power: (3,) linear RGB on a surface that faces it.
    """

    towards: Array
    panes: Array
    power: Array

    def on(self, points: Array, normals: Array, rays: Rays) -> Array:
        """Light (N, 3) on points (N, 3) with normals (N, 3)."""
        cosines = normals @ self.towards
        share = np.zeros(len(points), np.float32)
        for corner, u, v in self.panes:
            facing = np.cross(u, v)
            # How far along the sun's way the plane of the opening is.
            away = (corner - points) @ facing / (self.towards @ facing)
            through = points + away[:, None] * self.towards - corner
            across, up = through @ u / (u @ u), through @ v / (v @ v)
            inside = (across > 0) & (across < 1) & (up > 0) & (up < 1)
            lit = np.flatnonzero(inside & (cosines > 0) & (away > 0))
            if not len(lit):
                continue
            start = (points[lit] + _LIFT_M * normals[lit]).astype(np.float32)
            ways = (away[lit, None] * self.towards).astype(np.float32)
            share[lit[~rays.blocked(start, ways)]] = 1
        return np.asarray((share * np.maximum(cosines, 0))[:, None] * self.power, np.float32)


def random_sun(rng: np.random.Generator, panes: list[Array], strength: float) -> Sun | None:
    """A sun that shines in through at least one of the panes, or None where there is none.

    Args:
        rng: draws where it stands.
        panes: (3, 3) corner and edges of each window; their cross product looks into the room.
        strength: brightness of the brightest colour.
    """
    if not panes:
        return None
    _, u, v = panes[int(rng.integers(len(panes)))]
    into = np.cross(u, v)
    into /= np.linalg.norm(into)
    turn, rise = np.radians(rng.uniform(-60, 60)), np.radians(rng.uniform(12, 55))
    side = np.cross([0.0, 0.0, 1.0], -into)
    level = -into * np.cos(turn) + side * np.sin(turn)
    towards = level * np.cos(rise) + np.array([0.0, 0.0, 1.0]) * np.sin(rise)
    facing = [pane for pane in panes if np.cross(pane[1], pane[2]) @ towards < 0]
    warm = rng.uniform(0.0, 0.3)
    power = strength * np.array([1.0, 1 - 0.35 * warm, 1 - warm])
    return Sun(towards.astype(np.float32), np.float32(facing), power.astype(np.float32))
