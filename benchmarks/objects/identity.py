# SPDX-License-Identifier: Apache-2.0
"""IDF1 and switches of ids, against true things."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

_IS_FOUND = 0.5  # intersection over union of a thing and what is called one


class Identity:
    """Counts over a drive.

    A thing counts in a frame where it covers one part in a hundred of it; so does what is called
    one. What matches a smaller thing is neither right nor wrong.
    """

    def __init__(self, least: float = 0.01) -> None:
        """
        Args:
            least: as a part of the picture.
        """
        self._least = least
        self._pairs: Counter[tuple[int, int]] = Counter()
        self._true: Counter[int] = Counter()
        self._called: Counter[int] = Counter()
        self._last: dict[int, int] = {}
        self.switches = 0
        self.seen_s: dict[int, float] = defaultdict(float)

    def add(
        self, thing: NDArray[np.int64], counts: set[int], ids: NDArray[np.uint16], passed_s: float
    ) -> None:
        """Takes a frame in.

        Args:
            thing: (H, W) true numbers.
            counts: numbers of what is a thing, and no stuff.
            ids: (H, W) what it is called; 0 nothing.
            passed_s: since the frame before.
        """
        least = self._least * thing.size
        numbers, areas = np.unique(thing, return_counts=True)
        area = dict(zip(numbers.tolist(), areas.tolist(), strict=True))
        called, of_called = np.unique(ids[ids > 0], return_counts=True)
        for number in numbers.tolist():
            if number in counts and area[number] >= least:
                self._true[number] += 1
                self.seen_s[number] += passed_s
        for id_, size in zip(called.tolist(), of_called.tolist(), strict=True):
            inside, many = np.unique(thing[ids == id_], return_counts=True)
            best = int(inside[many.argmax()])
            both = int(many.max())
            union = size + area[best] - both
            found = best in counts and both / union >= _IS_FOUND
            if found and area[best] >= least:
                self._called[id_] += 1
                self._pairs[best, id_] += 1
                before = self._last.get(best)
                self.switches += before is not None and before != id_
                self._last[best] = id_
            elif not found and size >= least:
                self._called[id_] += 1

    @property
    def idf1(self) -> float:
        """2 IDTP / (true + called), each true thing having one id at most."""
        true, called = list(self._true), list(self._called)
        table = np.zeros((len(true), len(called)))
        for (number, id_), times in self._pairs.items():
            table[true.index(number), called.index(id_)] = times
        right = table[linear_sum_assignment(-table)].sum()
        return float(2 * right / max(self._true.total() + self._called.total(), 1))

    @property
    def found(self) -> float:
        """The part of the sightings of things that have an id at all."""
        return self._pairs.total() / max(self._true.total(), 1)

    @property
    def switches_a_minute(self) -> float:
        """Changes of id of a thing in a minute of being seen."""
        return 60.0 * self.switches / max(sum(self.seen_s.values()), 1e-9)
