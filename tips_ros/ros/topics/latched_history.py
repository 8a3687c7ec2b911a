# SPDX-License-Identifier: Apache-2.0
"""A memory of what a latched topic has said, for readers who go by its stamps."""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")
# Its readers keep them all: what is forgotten here may be read there once more.
_MOST = 4096


class LatchedHistory(Generic[Value]):
    """Tells when a value must be published again because a reader would take another one.

    A frame is read with the latest message whose stamp is not later than the frame's. Time goes
    back when a bag begins anew; what was said of later times then still lies with those who heard
    it, and the one message that a late subscriber gets may be of a time to come.

    Attributes:
        settled: stamp and value of the newest message, where no other has a later stamp: every
            reader of a frame from there on takes this value. None in other cases.
    """

    def __init__(self) -> None:
        self._said: dict[int, Value] = {}  # by stamp; the one published last stands last
        self._stamps: list[int] = []  # of all, ascending
        self.settled: tuple[int, Value] | None = None

    def needs(
        self, stamp_ns: int, value: Value, same: Callable[[Value, Value], bool] = operator.eq
    ) -> bool:
        """Whether a reader of a frame with this stamp would take another value than this.

        Args:
            stamp_ns: of the frame.
            value: that holds for it.
            same: whether two values are one to a reader, (said, needed).
        """
        newest = next(reversed(self._said), None)
        if newest is None or newest > stamp_ns:
            return True  # nothing yet, or the newest message is of later frames
        last = self._stamps[bisect_right(self._stamps, stamp_ns) - 1]
        read = None
        # Back through the moments at which a reader may have come: each takes, of what was said
        # since, the latest that is not later than the frame.
        for at_ns, said in reversed(self._said.items()):
            if at_ns <= stamp_ns and (read is None or at_ns > read):
                if not same(said, value):
                    return True
                read = at_ns
            if read == last:
                break
        return False

    def add(self, stamp_ns: int, value: Value) -> None:
        """A message with this stamp was published."""
        if stamp_ns in self._said:
            del self._said[stamp_ns]
        else:
            insort(self._stamps, stamp_ns)
        self._said[stamp_ns] = value
        self.settled = (stamp_ns, value) if stamp_ns == self._stamps[-1] else None
        if len(self._said) > _MOST:
            oldest = next(iter(self._said))
            del self._said[oldest], self._stamps[bisect_left(self._stamps, oldest)]
