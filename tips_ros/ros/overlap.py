# SPDX-License-Identifier: Apache-2.0
"""A thread that publishes one frame while the next is looked at."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Overlap:
    """Does what it is given in order, one thing at a time, at most one behind its caller."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "tips publishing")
        self._last: Future[None] | None = None

    def hand_over(self, work: Callable[[], None]) -> None:
        """Waits until the work before is done, then returns while this is.

        An error of the work before is raised here: work that may fail sees to that itself.
        """
        if self._last is not None:
            self._last.result()
        self._last = self._executor.submit(work)

    def close(self) -> None:
        """Waits for the last of it."""
        self._executor.shutdown(wait=True)
