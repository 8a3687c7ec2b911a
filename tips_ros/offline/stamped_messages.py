# SPDX-License-Identifier: Apache-2.0
"""Messages of a bag by the stamp of their header, whenever they were received."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tips_ros.bags import BagError, BagMessage, BagReader
from tips_ros.replay.stamp_log import header_stamp_ns

StampIndex = dict[int, Counter[str]]  # stamp in nanoseconds → how many messages of it a topic has


def stamp_index(reader: BagReader, topics: Iterable[str]) -> StampIndex:
    """Goes through the bag once. The topics' messages must begin with a header."""
    index: StampIndex = {}
    for message in reader.messages(topics):
        index.setdefault(message_stamp_ns(message), Counter())[message.topic] += 1
    return index


def message_stamp_ns(message: BagMessage) -> int:
    """The stamp of a message that begins with a std_msgs/Header, read off its CDR bytes."""
    if (stamp_ns := header_stamp_ns(message.data)) is None:
        raise BagError(f"{message.topic} at {message.stamp_ns} ns holds no header; record it again")
    return stamp_ns


class StampedMessages:
    """Hands out messages stamp by stamp; holds what came earlier than its stamp was asked for."""

    def __init__(self, reader: BagReader, index: StampIndex, wanted: Iterable[int]) -> None:
        """Start at the bag's beginning.

        Args:
            reader: an open bag.
            index: see `stamp_index`.
            wanted: the stamps that will be asked for; messages of others are not held.
        """
        self._index = {stamp: index[stamp] for stamp in wanted if stamp in index}
        self._messages = reader.messages(set().union(*self._index.values()))
        self._held: dict[int, dict[str, BagMessage]] = {}

    def at(self, stamp_ns: int) -> dict[str, BagMessage]:
        """Topic → message of this stamp, the first where there are several; each stamp once."""
        expected = self._index.get(stamp_ns, Counter()).keys()
        while self._held.get(stamp_ns, {}).keys() < expected:
            message = next(self._messages)
            stamp = message_stamp_ns(message)
            if stamp in self._index:
                self._held.setdefault(stamp, {}).setdefault(message.topic, message)
        self._index.pop(stamp_ns, None)
        return self._held.pop(stamp_ns, {})
