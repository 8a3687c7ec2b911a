# SPDX-License-Identifier: Apache-2.0
"""The room that things take on the floor."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.scenes.things import Thing


class Footprint(NamedTuple):
    """An upright rectangle on the floor and the height of what stands in it; metres."""

    x0: float
    y0: float
    x1: float
    y1: float
    top: float

    def overlaps(self, other: Footprint, margin: float = 0.0) -> bool:
        """Whether the two come closer than `margin`."""
        return (
            self.x0 < other.x1 + margin
            and other.x0 < self.x1 + margin
            and self.y0 < other.y1 + margin
            and other.y0 < self.y1 + margin
        )

    def placed(self, x: float, y: float, yaw_deg: float) -> Footprint:
        """Bounds of it after a rotation about the origin and then a shift."""
        c, s = np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))
        a = np.array([self.x0, self.x1])[:, None]
        b = np.array([self.y0, self.y1])[None, :]
        across, along = c * a - s * b + x, s * a + c * b + y
        return Footprint(
            float(across.min()), float(along.min()), float(across.max()), float(along.max()),
            self.top,
        )  # fmt: skip

    @property
    def area(self) -> float:
        """Square metres."""
        return (self.x1 - self.x0) * (self.y1 - self.y0)


def measure_footprint(things: list[Thing]) -> Footprint:
    """Floor area that the things take."""
    (x0, y0, _), (x1, y1, top) = measure_bounds(things).tolist()
    return Footprint(x0, y0, x1, y1, top)


def measure_bounds(things: list[Thing]) -> NDArray[Any]:
    """(2, 3) the lowest and the highest corner of the things together."""
    patches = [patch.points.reshape(-1, 3) for thing in things for patch in thing.shape]
    points = np.concatenate(patches)
    return np.array([points.min(axis=0), points.max(axis=0)])
