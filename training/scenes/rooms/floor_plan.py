# SPDX-License-Identifier: Apache-2.0
"""Room that is left, on the floor and on the walls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from training.scenes.furniture.footprint import Footprint
from training.scenes.light.area_light import AreaLight
from training.scenes.things import Thing, placed


class Span(NamedTuple):
    """A part of a wall: from `start` to `end` along it, from `low` to `high` above the floor."""

    start: float
    end: float
    low: float
    high: float

    def overlaps(self, other: Span, margin: float = 0.0) -> bool:
        """Whether the two come closer than `margin`."""
        return (
            self.start < other.end + margin
            and other.start < self.end + margin
            and self.low < other.high + margin
            and other.low < self.high + margin
        )


@dataclass
class Wall:
    """A wall from `corner` along `yaw_deg` + 90 degrees; it looks along `yaw_deg`.

    Attributes:
        taken: what already hangs or stands there, seen from the front.
    """

    corner: tuple[float, float]
    yaw_deg: float
    length: float
    taken: list[Span] = field(default_factory=list)

    def at(self, along: float, out: float = 0.0) -> tuple[float, float]:
        """The point (x, y) that is `along` the wall and `out` of it."""
        c, s = np.cos(np.radians(self.yaw_deg)), np.sin(np.radians(self.yaw_deg))
        return float(self.corner[0] + out * c - along * s), float(
            self.corner[1] + out * s + along * c
        )

    def placed(
        self, things: list[Thing], along: float, z: float = 0.0, out: float = 0.0
    ) -> list[Thing]:
        """Things that were built in the plane x = 0 and about y = 0, on the wall."""
        return placed(things, *self.at(along, out), z, self.yaw_deg)

    def light(self, along: float, out: float, width: float, low: float, high: float) -> AreaLight:
        """An upright rectangle about `along` that shines away from the wall; without power."""
        corner, end = self.at(along - width / 2, out), self.at(along + width / 2, out)
        edge = (end[0] - corner[0], end[1] - corner[1], 0.0)
        return AreaLight((*corner, low), edge, (0.0, 0.0, high - low), (0.0, 0.0, 0.0))

    def is_free(self, span: Span, margin: float = 0.05) -> bool:
        """Whether the span is on the wall and nothing is in it."""
        inside = span.start >= margin and span.end <= self.length - margin
        return inside and not any(span.overlaps(other, margin) for other in self.taken)

    def find(
        self, rng: np.random.Generator, width: float, low: float, high: float, margin: float = 0.08
    ) -> float | None:
        """A random place along the wall where `width` from `low` to `high` is free, or None."""
        if width + 2 * margin > self.length:
            return None
        for along in rng.uniform(width / 2 + margin, self.length - width / 2 - margin, 10):
            if self.is_free(Span(along - width / 2, along + width / 2, low, high), margin):
                return float(along)
        return None

    def take(self, along: float, width: float, low: float, high: float) -> None:
        """Note that something is there now."""
        self.taken.append(Span(along - width / 2, along + width / 2, low, high))


@dataclass
class FloorPlan:
    """A room with one corner at the origin.

    Attributes:
        length: along x, metres.
        width: along y.
        height: of the ceiling.
        walls: the four, each looking into the room.
        footprints: of what stands on the floor.
        clear: what has to stay free, as before doors.
        overhead: where things hang that a camera may not be in.
        looked_at: where what lies about on tops and boards is, for cameras that people hold.
    """

    length: float
    width: float
    height: float
    walls: list[Wall] = field(init=False)
    footprints: list[Footprint] = field(default_factory=list)
    clear: list[Footprint] = field(default_factory=list)
    overhead: list[Footprint] = field(default_factory=list)
    looked_at: list[Footprint] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.walls = [
            Wall((0.0, 0.0), 0.0, self.width),
            Wall((self.length, 0.0), 90.0, self.length),
            Wall((self.length, self.width), 180.0, self.width),
            Wall((0.0, self.width), 270.0, self.length),
        ]

    def is_free(self, wanted: list[Footprint], margin: float = 0.05) -> bool:
        """Whether all of it is inside the room and nothing stands there."""
        edge = 0.01
        for one in wanted:
            if one.x0 < edge or one.y0 < edge:
                return False
            if one.x1 > self.length - edge or one.y1 > self.width - edge:
                return False
            if any(one.overlaps(other, margin) for other in self.footprints):
                return False
            if any(one.overlaps(other) for other in self.clear):
                return False
        return True

    @property
    def share_taken(self) -> float:
        """The share of the floor that something stands on."""
        return sum(one.area for one in self.footprints) / (self.length * self.width)
