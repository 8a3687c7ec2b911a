# SPDX-License-Identifier: Apache-2.0
"""The newest image of each camera, until somebody fetches them together."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from typing import Generic, TypeVar

Item = TypeVar("Item")
_WEIGHT = 0.25  # of the newest interval
_LATE = 0.5  # of a period after its time, an event is not waited for any more


class LatestImages(Generic[Item]):
    """Hands items from many threads to one: a place for each camera, where the newest wins."""

    def __init__(self, names: Collection[str]) -> None:
        """Empty places.

        Args:
            names: of the cameras.
        """
        self._condition = threading.Condition()
        self._items: dict[str, Item] = {}
        self._periods = {name: PeriodEstimate() for name in names}
        self._closed = False

    def put(self, name: str, item: Item) -> Item | None:
        """Leaves an item; the one that nobody will fetch any more, where there is one.

        That is the item which lay there before, or the new one once this is closed.
        """
        with self._condition:
            if self._closed:
                return item
            superseded = self._items.get(name)
            self._items[name] = item
            self._periods[name].tick(time.monotonic())
            self._condition.notify()
            return superseded

    def take(self, timeout_s: float, window_s: float = 0.0) -> dict[str, Item]:
        """Waits for the first item, then for those that are about to come, and fetches all.

        Args:
            timeout_s: how long to wait for the first.
            window_s: how long the first waits for others at most. It waits only for a camera whose
                next item is due within that time by its own rhythm: one that fell silent or is far
                from its next costs the others nothing.

        Returns:
            Items by camera; none on time-out and once closed.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._items or self._closed, timeout_s)
            deadline = time.monotonic() + window_s
            while self._items and not self._closed:
                now = time.monotonic()
                if now >= deadline or not self._about_to_come(now, deadline):
                    break
                self._condition.wait(deadline - now)
            items, self._items = self._items, {}
            return items

    def holds(self, name: str) -> bool:
        """Whether an item of this camera lies there."""
        with self._condition:
            return name in self._items

    def clear(self) -> list[Item]:
        """Takes away what nobody fetched yet."""
        with self._condition:
            thrown, self._items = list(self._items.values()), {}
            return thrown

    def close(self) -> list[Item]:
        """Takes nothing any more, and wakes whoever waits, with nothing.

        Returns:
            What nobody fetched.
        """
        with self._condition:
            self._closed = True
            self._condition.notify_all()
            thrown, self._items = list(self._items.values()), {}
            return thrown

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def _about_to_come(self, now: float, deadline: float) -> bool:
        absent = (rhythm for name, rhythm in self._periods.items() if name not in self._items)
        return any(rhythm.is_due(now, deadline) for rhythm in absent)


class PeriodEstimate:
    """The period of events at about even intervals. All times are seconds of one clock."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._period_s: float | None = None

    def tick(self, now: float) -> None:
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
