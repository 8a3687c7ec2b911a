# SPDX-License-Identifier: Apache-2.0
"""A place for one item: a newer one takes it from an older one that nobody fetched."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Latest(Generic[Item]):
    """Hands the newest item from one thread to another."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: Item | None = None
        self._closed = False

    def put(self, item: Item) -> bool:
        """Leaves an item; True when it took the place of one that nobody fetched."""
        with self._condition:
            superseded = self._item is not None
            self._item = item
            self._condition.notify()
            return superseded

    def take(self, timeout_s: float) -> Item | None:
        """Waits for an item and fetches it; None on time-out and once closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            return None if self._closed else item

    def close(self) -> None:
        """Wakes whoever waits, with nothing."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed
