# SPDX-License-Identifier: Apache-2.0
"""The number of tries, and the pauses between them: urllib3's Retry, with its pauses bounded."""

from __future__ import annotations

import logging
import random
import time

from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.util.retry import Retry

from tips_ros.downloads.errors import DownloadError, Interruption

logger = logging.getLogger(__name__)

_TRIES = 6
_LONGEST_S = 60.0  # of a pause, whatever the server asks for


class Retries(Retry):
    """The tries that are left; a new object after each failure, as urllib3 has it.

    A pause is shortened by up to half, so that a fleet of robots doesn't come back all at once.
    """

    def wait(self, cause: Interruption, what: str, advice: str = "") -> Retries:
        """Waits until `what` may be tried again; DownloadError when it was tried enough."""
        try:
            left = self.increment(error=cause)
        except MaxRetryError as error:
            raise DownloadError(
                f"{what}: given up after {len(self.history) + 1} tries ({cause}); "
                + (advice or "try again later, or another --mirror")
            ) from error
        pause_s = left.pause_s(cause)
        logger.warning("%s: %s; trying again in %.0f s", what, cause, pause_s)
        time.sleep(pause_s)
        return left

    def pause_s(self, cause: Interruption) -> float:
        """Seconds, as the server asks; else 1, 2, 4 …, less the jitter."""
        try:
            return min(self.parse_retry_after(cause.retry_after or ""), _LONGEST_S)
        except (InvalidHeader, ValueError, OverflowError):
            pause_s = min(2.0 ** (len(self.history) - 1), _LONGEST_S)
            return pause_s * (1.0 - 0.5 * random.random())


def new_retries() -> Retries:
    """None has failed yet."""
    return Retries(total=_TRIES - 1)
