# SPDX-License-Identifier: Apache-2.0
"""The pace of a long work, and how long the rest of it will take at that."""

from __future__ import annotations

ENOUGH = 10  # units from which on anything is said
_MOST = 512  # remembered; of more every other one goes


class Pace:
    """Counts at moments since the work began.

    The pace is that of the later half of the time so far: loading and warming up, which come
    first, are forgotten, and what is only a moment's has little weight.
    """

    def __init__(self) -> None:
        self._seen: list[tuple[float, int]] = [(0.0, 0)]

    def add(self, seconds: float, done: int) -> None:
        """Remembers that so many units were done so long after the beginning."""
        self._seen.append((seconds, done))
        if len(self._seen) > _MOST:
            self._seen = [self._seen[0], *self._seen[1::2]]

    def left_s(self, seconds: float, done: int, total: int) -> float | None:
        """The seconds that the others will take; None where that can't be said (yet)."""
        if not ENOUGH <= done < total:
            return None
        then, before = max(seen for seen in self._seen if seen[0] <= seconds / 2)
        if done <= before:
            return None
        return (seconds - then) / (done - before) * (total - done)
