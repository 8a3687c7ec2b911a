# SPDX-License-Identifier: Apache-2.0
"""Messages of a bag by their place among those of their topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from tips_ros.bags import BagError, BagMessage, BagReader


class NumberedMessages:
    """Hands out messages by topic and number; holds what came before it was asked for."""

    def __init__(self, reader: BagReader, wanted: Mapping[str, Collection[int]]) -> None:
        """Start at the bag's beginning.

        Args:
            reader: an open bag.
            wanted: topic → the numbers that will be asked for, each once; others are not held.
        """
        self._reader = reader
        self._wanted = {topic: frozenset(numbers) for topic, numbers in wanted.items()}
        self._messages = reader.messages(self._wanted)
        self._seen: Counter[str] = Counter()
        self._held: dict[tuple[str, int], BagMessage] = {}

    def take(self, topic: str, number: int) -> BagMessage:
        """The message of this place, counted from 0.

        Raises:
            BagError: the bag has no such message, or was asked for it before.
        """
        while (topic, number) not in self._held:
            message = next(self._messages, None)
            if message is None:
                raise BagError(f"{self._reader.path}: {topic} has no message {number}; read again")
            place = self._seen[message.topic]
            self._seen[message.topic] += 1
            if place in self._wanted[message.topic]:
                self._held[message.topic, place] = message
        return self._held.pop((topic, number))
