# SPDX-License-Identifier: Apache-2.0
"""An mcap file of a bag, also one whose recorder never came to finish it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import heappop, heappush
from pathlib import Path

from mcap import records as mcap
from mcap.opcode import Opcode

from tips_ros.bags.storage.mcap_index import MessagesPlace, read_index
from tips_ros.bags.storage.mcap_records import inner_records, read_records
from tips_ros.bags.storage.storage import BrokenFile, Record


class McapFile:
    """An open mcap file; a `StorageFile`. Its profile is ignored: the channels say what it is."""

    def __init__(self, path: Path) -> None:
        """Read its index.

        Raises:
            BrokenFile: not an mcap file, or cut so early that no message is whole.
            OSError: it cannot be read.
        """
        self.notes: list[str] = []
        self._stream = path.open("rb")
        try:
            index = read_index(self._stream)
            if index.is_cut:
                if not index.counts:
                    raise BrokenFile("it was cut short, and no message in it is whole")
                count = sum(index.counts.values())
                self.notes.append(
                    f"{path.name} was cut short, by its recorder's end or on its way here: the "
                    f"{count} messages before the cut are read"
                )
        except BaseException:
            self._stream.close()
            raise
        self._places = sorted(index.places, key=lambda place: (place.start_ns, place.begin))
        self.channels = index.channels()
        self.start_ns = index.start_ns
        self.end_ns = index.end_ns

    def messages(self, channels: Collection[int]) -> Iterator[Record]:
        """Goes through the messages of these channels in the order of their stamps.

        Only chunks whose times overlap are in memory together; of messages outside of chunks, one.

        Raises:
            BrokenFile: damaged; also where the index, which tells the order, has other stamps.
        """
        wanted = frozenset(channels)
        read: list[tuple[int, int, int, mcap.Message]] = []  # by stamp, then as they are written
        last_ns = 0
        for place in (*self._places, None):
            if place and place.channels and wanted.isdisjoint(place.channels):
                continue
            while read and (place is None or read[0][:2] < (place.start_ns, place.begin)):
                last_ns, *_, message = heappop(read)
                yield Record(last_ns, message.channel_id, message.data)
            if place is None:
                return
            for number, message in enumerate(self._read(place)):
                if message.channel_id in wanted:
                    if message.log_time < last_ns:
                        raise BrokenFile("a message has another time than the index of its chunk")
                    heappush(read, (message.log_time, place.begin, number, message))

    def _read(self, place: MessagesPlace) -> Iterator[mcap.Message]:
        kinds = (Opcode.CHUNK, Opcode.MESSAGE)
        for record, *_ in read_records(self._stream, place.begin, place.end, kinds):
            return inner_records(record, (Opcode.MESSAGE,))
        raise BrokenFile("there is no chunk where its index has one")

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()
