# SPDX-License-Identifier: Apache-2.0
"""Faults that any of the threads found."""

from __future__ import annotations

import threading
import time
from collections import deque

_REMEMBERED = 25


class Findings:
    """The first thing found wrong counts; and what was being done then.

    Attributes:
        first: what was found first; empty while all is well.
        context: the last things done before it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._done: deque[str] = deque(maxlen=_REMEMBERED)
        self.first = ""
        self.context: list[str] = []

    def doing(self, what: str) -> None:
        """Notes what is being done now."""
        with self._lock:
            self._done.append(f"{time.monotonic() - self._began:7.2f} s  {what}")

    def add(self, what: str) -> None:
        """Something is wrong."""
        with self._lock:
            if not self.first:
                self.first = f"{time.monotonic() - self._began:.2f} s: {what}"
                self.context = list(self._done)
