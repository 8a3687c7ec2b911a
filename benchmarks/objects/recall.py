# SPDX-License-Identifier: Apache-2.0
"""Measures of a memory against the true things of a room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.objects.laps import TrueThing
from tips_ros.perception.memory.remembered import Remembered

WITHIN_M = 0.5


@dataclass
class Recall:
    """Counts over rooms; each is right and all of them.

    Attributes:
        asked: classes with a thing that was seen well; right where the first answer is one.
        things: those seen well; right where one of their name is remembered within 0.5 m.
        entries: remembered things that are such a true one; all, and the true ones.
        taken: things that are not where they were and that lap one remembered; those forgotten.
        stayed: the same of those that still are where they were; those forgotten.
    """

    asked: tuple[int, int] = (0, 0)
    things: tuple[int, int] = (0, 0)
    entries: tuple[int, int] = (0, 0)
    taken: tuple[int, int] = (0, 0)
    stayed: tuple[int, int] = (0, 0)

    def add(
        self,
        first: Mapping[int, TrueThing],
        second: Mapping[int, TrueThing],
        changed: Sequence[int],
        before: Sequence[tuple[str, np.ndarray]],
        after: Sequence[Remembered],
        best: Mapping[str, Remembered | None],
    ) -> None:
        """Takes a room in.

        Args:
            first, second: what is true in each lap.
            changed: numbers of what was moved or taken away.
            before: name and middle of what was remembered after the first lap.
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
            found = any(t.name == one.name and one.off_m(t.centre_m) <= WITHIN_M for t in after)
            self.things = _and(self.things, found)
        self.entries = (self.entries[0] + of_true.total(), self.entries[1] + len(of_true))
        for number, one in first.items():
            was = any(name == one.name and one.off_m(at) <= WITHIN_M for name, at in before)
            if not was:
                continue
            still = any(t.name == one.name and one.off_m(t.centre_m) <= WITHIN_M for t in after)
            if number not in changed:
                self.stayed = _and(self.stayed, not still)
            elif not _stands_in(one, second):
                self.taken = _and(self.taken, not still)

    def line(self) -> str:
        """All of it in a line."""
        return (
            f"recall@1 {_share(self.asked)}   things {_share(self.things)}   "
            f"entries a thing {self.entries[0] / max(self.entries[1], 1):.2f}   "
            f"taken away and forgotten {_share(self.taken)}   "
            f"still there and forgotten {_share(self.stayed)}"
        )


def _stands_in(one: TrueThing, second: Mapping[int, TrueThing]) -> bool:
    """Whether another of its name stands within reach of where it was: that would be taken for it.
    """
    middle = (one.low_m + one.high_m) / 2
    return any(o.name == one.name and o.off_m(middle) <= WITHIN_M for o in second.values())


def _and(counts: tuple[int, int], right: bool) -> tuple[int, int]:
    return counts[0] + right, counts[1] + 1


def _share(counts: tuple[int, int]) -> str:
    return f"{counts[0] / max(counts[1], 1):.2f} ({counts[0]}/{counts[1]})"
