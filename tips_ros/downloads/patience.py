# SPDX-License-Identifier: Apache-2.0
"""How often, and how long apart, something is tried again."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tips_ros.downloads.errors import DownloadError, Interruption

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """Exponential back-off with jitter.

    Attributes:
        tries: failures in a row, without any progress between them, after which it is given up.
        first_s: pause after the first failure, seconds; each further one doubles it.
        longest_s: no pause is longer, whatever the server asks for.
        sleep: waits that many seconds.
        jitter: a number from 0 to 1; a pause is shortened by up to half of it, so that a fleet
            of robots does not come back all at once.
    """

    tries: int = 6
    first_s: float = 1.0
    longest_s: float = 60.0
    sleep: Callable[[float], object] = time.sleep
    jitter: Callable[[], float] = random.random

    def pause_s(self, failures: int, retry_after_s: float | None) -> float:
        """How long to wait after `failures` failures in a row."""
        if retry_after_s is not None:
            return min(retry_after_s, self.longest_s)
        pause = min(self.first_s * 2.0 ** (failures - 1), self.longest_s)
        return pause * (1.0 - 0.5 * self.jitter())


class Tries:
    """Counts the failures of one thing in a row, and waits between them."""

    def __init__(self, what: str, patience: Patience) -> None:
        self._what = what
        self._patience = patience
        self._failures = 0

    def failed(self, cause: Interruption, *, progressed: bool = False, advice: str = "") -> None:
        """Waits until it may be tried again; DownloadError when it has been tried enough."""
        self._failures = 1 if progressed else self._failures + 1
        if self._failures >= self._patience.tries:
            raise DownloadError(
                f"{self._what}: given up after {self._failures} tries ({cause}); "
                + (advice or "try again later, or another --mirror")
            ) from cause
        pause_s = self._patience.pause_s(self._failures, cause.retry_after_s)
        logger.warning("%s: %s; trying again in %.0f s", self._what, cause, pause_s)
        self._patience.sleep(pause_s)
