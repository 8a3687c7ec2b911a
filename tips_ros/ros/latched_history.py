# SPDX-License-Identifier: Apache-2.0
"""A memory of what a latched topic has said, for readers who go by its stamps."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")
_MOST = 64


class LatchedHistory(Generic[Value]):
    """Tells when a value must be published again because a reader would take another one.

    A frame is read with the latest message whose stamp is not later than the frame's. Time goes
    back when a bag begins anew; what was said of later times then still lies with those who heard
    it, and the one message that a late subscriber gets may be of a time to come.
    """

    def __init__(self) -> None:
        self._said: list[tuple[int, Value]] = []  # as published

    def needs(
        self, stamp_ns: int, value: Value, same: Callable[[Value, Value], bool] = operator.eq
    ) -> bool:
        """Whether a reader of a frame with this stamp would take another value than this.

        Args:
            stamp_ns: of the frame.
            value: that holds for it.
            same: whether two values are one to a reader, (said, needed).
        """
        early = [entry for entry in self._said if entry[0] <= stamp_ns]
        if not early or self._said[-1] is not early[-1]:
            return True  # nothing yet, or the newest message is of later frames
        by_stamp = max(early, key=lambda entry: entry[0])
        return not (same(early[-1][1], value) and same(by_stamp[1], value))

    def add(self, stamp_ns: int, value: Value) -> None:
        """A message with this stamp was published."""
        kept = [entry for entry in self._said if entry[0] != stamp_ns]
        self._said = [*kept, (stamp_ns, value)][-_MOST:]
