# SPDX-License-Identifier: Apache-2.0
"""Two laps through a rendered room, between which three things are moved or taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.objects.drives import Shown, connected, furnished, shown
from training.scenes import things as kinds
from training.scenes.things import NAMES, Thing, placed

_MOVABLE = {
    *(kinds.BALL, kinds.BOOK, kinds.BOTTLE, kinds.BOX, kinds.CHAIR, kinds.CUSHION),
    *(kinds.LAMP, kinds.PERSON, kinds.PLANT),
}
_PAUSE_S = 20.0  # between the laps
_CHANGED, _MOVED = 3, 1  # things, and how many of them are moved, not taken away
_LEAST_MOVE_M = 1.0
_SEEN_SHARE, _SEEN_FRAMES, _SEEN_M = 0.01, 5, 4.5  # what counts as seen well


@dataclass
class TrueThing:
    """A thing of a room.

    Attributes:
        name: of its class.
        low_m, high_m: (3,) ends of it, in the lap.
        frames: in how many frames it was seen well: 1 % of the picture within 4.5 m.
    """

    name: str
    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]
    frames: int = 0

    @property
    def seen_well(self) -> bool:
        """Whether a memory should have it."""
        return self.frames >= _SEEN_FRAMES

    def off_m(self, point_m: NDArray[np.float64]) -> float:
        """Distance from a point to its middle."""
        return float(np.linalg.norm(point_m - (self.low_m + self.high_m) / 2))

    def beside_m(self, point_m: NDArray[np.float64]) -> float:
        """Distance from a point to its box; 0 inside."""
        beyond = np.maximum(np.maximum(self.low_m - point_m, point_m - self.high_m), 0)
        return float(np.linalg.norm(beyond))


class Laps:
    """Two laps through one room.

    Attributes:
        changed: numbers of the things that are not where they were.
        truth: of each lap, by number.
    """

    def __init__(self, number: int, count: int, rate_hz: float) -> None:
        """
        Args:
            number: of the room.
            count: frames of a lap.
            rate_hz: of frames.

        Raises:
            ValueError: there is no floor free for a robot.
        """
        self._room = furnished(number, count, rate_hz)
        self._numbers = connected(self._room.scene.things)
        self._rng = np.random.default_rng([number, 11])
        self.changed: list[int] = []
        self.truth = [_true_things(self._room.scene.things, self._numbers), {}]

    def lap(self, which: int, size: tuple[int, int], pictures: bool) -> Iterator[Shown]:
        """The frames of the first or the second one; the second needs the first to be over."""
        things, numbers = self._room.scene.things, self._numbers
        late = 0.0
        if which:
            things, numbers = self._change()
            late = self._room.way[-1][0] + _PAUSE_S
            self.truth[1] = _true_things(things, numbers)
        way = [(stamp_s + late, pose) for stamp_s, pose in self._room.way]
        for one in shown(self._room.scene, things, numbers, way, size, pictures):
            near = (one.depth_m < _SEEN_M) & (one.thing > 0)
            found, areas = np.unique(one.thing[near], return_counts=True)
            for thing, area in zip(found.tolist(), areas.tolist(), strict=True):
                self.truth[which][thing].frames += area >= _SEEN_SHARE * near.size
            yield one

    def _change(self) -> tuple[list[Thing], NDArray[np.int64]]:
        things, numbers = self._room.scene.things, self._numbers
        movable = {
            number for number, one in self.truth[0].items()
            if one.seen_well and all(
                things[i].label in _MOVABLE for i in np.flatnonzero(numbers == number)
            )
        }  # fmt: skip
        order = self._rng.permutation(sorted(movable)).tolist()
        self.changed = order[:_CHANGED]
        kept = ~np.isin(numbers, self.changed)
        left = [thing for thing, stays in zip(things, kept.tolist(), strict=True) if stays]
        numbers_left = numbers[kept].tolist()
        for number in self.changed[:_MOVED]:
            step = self._free_step(self.truth[0][number])
            if step is not None:
                group = [things[i] for i in np.flatnonzero(numbers == number)]
                left += placed(group, *step)
                numbers_left += [number] * len(group)
        return left, np.array(numbers_left, np.int64)

    def _free_step(self, one: TrueThing) -> tuple[float, float] | None:
        """A step to where its place on the floor is free."""
        plan = self._room.scene.plan
        half = (one.high_m - one.low_m)[:2] / 2
        middle = (one.high_m + one.low_m)[:2] / 2
        for _ in range(200):
            at = self._rng.uniform(half + 0.1, np.array([plan.length, plan.width]) - half - 0.1)
            free = all(
                (at + half < (f.x0, f.y0)).any() or (at - half > (f.x1, f.y1)).any()
                for f in plan.footprints
            )
            if free and np.linalg.norm(at - middle) >= _LEAST_MOVE_M:
                x, y = (at - middle).tolist()
                return x, y
        return None


def _true_things(things: list[Thing], numbers: NDArray[np.int64]) -> dict[int, TrueThing]:
    found = {}
    for number in np.unique(numbers).tolist():
        group = [things[i] for i in np.flatnonzero(numbers == number)]
        points = np.concatenate([p.points.reshape(-1, 3) for thing in group for p in thing.shape])
        found[number] = TrueThing(NAMES[group[0].label], points.min(axis=0), points.max(axis=0))
    return found
