# SPDX-License-Identifier: Apache-2.0
"""A device that has no room: fewer pictures at once, and what to change where one is too many."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from tips_ros.errors import UserError
from tips_ros.log_throttle import LogThrottle

logger = logging.getLogger(__name__)

_In = TypeVar("_In")
_Out = TypeVar("_Out")
# Each library says it in other words, and most with an error of no kind of its own.
_WORDS = (
    *("out of memory", "can't allocate memory", "cannot allocate memory", "unable to allocate"),
    *("failed to allocate", "not enough memory", "insufficient memory", "alloc_failed"),
    *("bad_alloc", "bad allocation"),
)
_LONGEST = 160  # characters of what a library says
_AGAIN_AFTER_S = 60.0  # what took the memory may have ended


class DeviceOutOfMemory(UserError):
    """A device has no room for what one picture takes; the message names what to change."""


def lacks_memory(error: BaseException) -> bool:
    """Whether an error is that a device, or the machine, has no memory left."""
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    return isinstance(error, Exception) and any(word in str(error).lower() for word in _WORDS)


class DeviceRoom:
    """Runs as many pictures at once as a device has room for.

    After a failure it is half as many, down to one, and a minute later all are tried again: the
    memory is shared with other programs, on some boards with everything. Used by one thread.
    """

    def __init__(self, device: torch.device, remedy: str) -> None:
        """
        Args:
            device: where they are run.
            remedy: what a user may change where one picture is too many.
        """
        self._device, self._remedy = device, remedy
        self._most: int | None = None  # at once; None while all went well
        self._again_at = 0.0  # monotonic seconds
        self._throttle = LogThrottle(logger)

    def run(
        self, run: Callable[[Sequence[_In]], Sequence[_Out]], given: Sequence[_In]
    ) -> list[_Out]:
        """Runs all that is given, in parts where it must be, and returns what came of each.

        Raises:
            DeviceOutOfMemory: there is no room for one of them.
            Exception: whatever else `run` raised.
        """
        if self._most is not None and time.monotonic() >= self._again_at:
            self._most = None
        found: list[_Out] = []
        while len(found) < len(given):
            left = given[len(found) :]
            part = left[: self._most or len(left)]
            try:
                found.extend(run(part))
                continue
            except Exception as error:
                if not lacks_memory(error):
                    raise
                said = _shorten(error)
            # Only now: the error held on to all that the pass had made.
            self._free()
            if len(part) == 1:
                raise DeviceOutOfMemory(self._explain(said))
            self._shrink(len(part), said)
        return found

    def run_one(self, run: Callable[[], _Out]) -> _Out:
        """The same of work that has no parts; errors as there."""
        (made,) = self.run(lambda _: [run()], [None])
        return made

    def _shrink(self, count: int, said: str) -> None:
        self._most = count // 2
        self._again_at = time.monotonic() + _AGAIN_AFTER_S
        self._throttle.warning(
            f"{self._most} at once",
            "%s has no room for %d pictures at once (%s): %d at once for a minute; for more, %s",
            *(self._device, count, said, self._most, self._remedy),
        )

    def _explain(self, said: str) -> str:
        return f"{self._device} has no room for this picture ({said}); {self._remedy}"

    def _free(self) -> None:
        """Gives back what torch keeps for the next time: it may be in pieces of the wrong size."""
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def _shorten(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
