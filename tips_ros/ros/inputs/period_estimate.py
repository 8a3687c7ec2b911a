# SPDX-License-Identifier: Apache-2.0
"""When the next of a series of events is to be expected."""

from __future__ import annotations

_WEIGHT = 0.25  # of the newest interval
_LATE = 0.5  # of a period after its time, an event is not waited for any more


class Rhythm:
    """Of events at more or less even intervals. All times are seconds of one clock."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._period_s: float | None = None

    def beat(self, now: float) -> None:
        """An event."""
        if self._last is not None:
            interval, period = now - self._last, self._period_s
            self._period_s = interval if period is None else period + _WEIGHT * (interval - period)
        self._last = now

    def is_due(self, now: float, deadline: float) -> bool:
        """Whether the next event is to be expected between now and the deadline.

        False as long as there is no rhythm, and for one that stopped.
        """
        if self._last is None or self._period_s is None:
            return False
        due = self._last + self._period_s
        return due <= deadline and now <= due + _LATE * self._period_s
