# SPDX-License-Identifier: Apache-2.0
"""The thread that ends frames while the next are looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from tips_ros.log_throttle import LogThrottle
from tips_ros.ros.topics.guarded_node import describe

logger = logging.getLogger(__name__)


class FinishingThread:
    """Does what it is handed, one after the other; from one thread, until `close`."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "tips publishing")
        self._before: Future[None] | None = None  # what is being done
        self._throttle = LogThrottle(logger)

    def hand_over(self, work: Callable[[], None]) -> None:
        """Has it done, once what was handed over before is done: it is at most one behind.

        An error of the work is told, and ends nothing but the work.

        Raises:
            RuntimeError: there is no thread to do it.
        """
        before, self._before = self._before, None
        if before is not None:
            before.result()
        self._before = self._pool.submit(self._do, work)

    def close(self, wait: bool) -> None:
        """Takes nothing any more; with `wait`, all is done by then."""
        self._pool.shutdown(wait=wait)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._throttle.error("work", "not done: %s", describe(error), cause=error)
