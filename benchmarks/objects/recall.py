# SPDX-License-Identifier: Apache-2.0
"""Measures of a memory against the true things of a room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.objects.laps import TrueThing
from tips_ros.perception.memory.matching import Boxes
from tips_ros.perception.memory.remembered import Remembered

WITHIN_M = 0.5
OFTEN = 15  # frames of a lap: three seconds


class Entry(NamedTuple):
    """An entry of a memory, kept apart from what becomes of it."""

    number: int
    name: str
    centre_m: NDArray[np.float64]

    @classmethod
    def of(cls, thing: Remembered) -> Entry:
        """The present entry of a thing."""
        return cls(thing.number, thing.name, thing.centre_m)


@dataclass
class Recall:
    """Counts over rooms; each is right and all of them.

    Attributes:
        asked: classes with a thing that was seen well; right where the first answer is one.
        things: those seen well; right where one of their name is remembered within 0.5 m.
        entries: remembered things that are such a true one; all, and the true ones.
        taken: things that are not where they were and that lap one remembered; those that are
            gone from the memory.
        looked_at: the same of those whose place is in view in `OFTEN` frames of the second lap.
        forgotten: things that are where they were and that lap one remembered; those of which
            nothing is left, nor another entry of their name.
        displaced: the same; those of which something is left, but none within 0.5 m.
    """

    asked: tuple[int, int] = (0, 0)
    things: tuple[int, int] = (0, 0)
    entries: tuple[int, int] = (0, 0)
    taken: tuple[int, int] = (0, 0)
    looked_at: tuple[int, int] = (0, 0)
    forgotten: tuple[int, int] = (0, 0)
    displaced: tuple[int, int] = (0, 0)

    def add(
        self,
        first: Mapping[int, TrueThing],
        second: Mapping[int, TrueThing],
        changed: Sequence[int],
        before: Sequence[Entry],
        after: Sequence[Remembered],
        best: Mapping[str, Remembered | None],
    ) -> None:
        """Takes a room in.

        Args:
            first, second: what is true in each lap.
            changed: numbers of what was moved or taken away.
            before: what was remembered after the first lap.
            after: what is remembered after the second.
            best: the first answer for each class that is asked for.
        """
        well = {number: one for number, one in second.items() if one.seen_well}
        for name, thing in best.items():
            right = thing is not None and any(
                one.name == name and one.off_m(thing.centre_m) <= WITHIN_M
                for one in second.values()
            )
            self.asked = _and(self.asked, right)
        of_true: Counter[int] = Counter()
        for thing in after:
            at = thing.centre_m
            near = {
                number: one.off_m(at)
                for number, one in well.items()
                if one.name == thing.name and (one.off_m(at) <= WITHIN_M or one.beside_m(at) == 0)
            }
            if near:
                of_true[min(near, key=lambda n: near[n])] += 1
        for one in well.values():
            self.things = _and(self.things, any(_is_at(t, one) for t in after))
        self.entries = (self.entries[0] + of_true.total(), self.entries[1] + len(of_true))
        for number, one in first.items():
            was = {e.number for e in before if e.name == one.name and _is_near(e.centre_m, one)}
            if not was:
                continue
            left = [
                t for t in after if _is_at(t, one) or (t.name == one.name and t.number in was)
            ]
            if number in changed:
                self._add_taken(one, left, second)
            else:
                self._add_staying(one, left, after)

    def _add_taken(
        self, one: TrueThing, left: Sequence[Remembered], second: Mapping[int, TrueThing]
    ) -> None:
        """Counts a thing that is not where it was."""
        alike = [other for other in second.values() if other.name == one.name]
        middle = (one.low_m + one.high_m) / 2
        if any(_is_near(middle, other) for other in alike):
            return  # another one of its name would be taken for it
        # What is left may be the memory of another thing, or of this one where it is now.
        stays = [t for t in left if not any(_is_near(t.centre_m, other) for other in alike)]
        self.taken = _and(self.taken, not stays)
        if one.frames >= OFTEN:
            self.looked_at = _and(self.looked_at, not stays)

    def _add_staying(
        self, one: TrueThing, left: Sequence[Remembered], after: Sequence[Remembered]
    ) -> None:
        """Counts a thing that is where it was."""
        middle = ((one.low_m + one.high_m) / 2)[None]
        around = [t for t in after if t.name == one.name]
        reach = np.linalg.norm(Boxes.of_things(around).gap(np.repeat(middle, len(around), 0)),
                               axis=1) if around else np.zeros(0)  # fmt: skip
        found = any(_is_at(t, one) for t in left)
        self.forgotten = _and(self.forgotten, not left and not (reach <= WITHIN_M).any())
        self.displaced = _and(
            self.displaced, not found and (bool(left) or bool((reach <= WITHIN_M).any()))
        )

    def line(self) -> str:
        """All of it in a line."""
        return (
            f"recall@1 {_share(self.asked)}   things {_share(self.things)}   "
            f"entries a thing {self.entries[0] / max(self.entries[1], 1):.2f}   "
            f"taken away and gone {_share(self.taken)}, of those looked at {OFTEN} times "
            f"{_share(self.looked_at)}   still there and forgotten {_share(self.forgotten)}, "
            f"displaced {_share(self.displaced)}"
        )


def _is_near(at_m: NDArray[np.float64], one: TrueThing) -> bool:
    return one.off_m(at_m) <= WITHIN_M


def _is_at(thing: Remembered, one: TrueThing) -> bool:
    """Whether a true thing is remembered where it is, by its name."""
    return thing.name == one.name and _is_near(thing.centre_m, one)


def _and(counts: tuple[int, int], right: bool) -> tuple[int, int]:
    return counts[0] + right, counts[1] + 1


def _share(counts: tuple[int, int]) -> str:
    return f"{counts[0] / max(counts[1], 1):.2f} ({counts[0]}/{counts[1]})"
