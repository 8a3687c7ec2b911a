# SPDX-License-Identifier: Apache-2.0
"""An mcap file of a bag, also one whose recorder never came to finish it."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from pathlib import Path

from tips_ros.bags.storage import mcap_records as mcap
from tips_ros.bags.storage.mcap_index import ChunkPlace, read_index
from tips_ros.bags.storage.storage import BrokenFile, Record

_NOBODY = -1  # the channel of a record that only says when a chunk begins


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
            self._index = read_index(self._stream)
            if self._index.is_cut:
                if not self._index.counts:
                    raise BrokenFile("it was cut short, and no message in it is whole")
                count = sum(self._index.counts.values())
                self.notes.append(
                    f"{path.name} was cut short, by its recorder's end or on its way here: the "
                    f"{count} messages before the cut are read"
                )
        except BaseException:
            self._stream.close()
            raise
        self.channels = self._index.channels()
        self.start_ns = self._index.start_ns
        self.end_ns = self._index.end_ns

    def messages(self, channels: Collection[int]) -> Iterator[Record]:
        """Goes through the messages of these channels in the order of their stamps.

        Only chunks whose times overlap are in memory together.
        """
        wanted = frozenset(channels)
        sources = [
            self._chunk(chunk, wanted)
            for chunk in self._index.chunks
            if chunk.channels is None or chunk.channels & wanted
        ]
        for record in heapq.merge(
            *sources, self._parse_loose(wanted), key=lambda one: one.stamp_ns
        ):
            if record.channel != _NOBODY:
                yield record

    def _chunk(self, chunk: ChunkPlace, wanted: frozenset[int]) -> Iterator[Record]:
        # So that the chunk is not unpacked before its time has come.
        yield Record(chunk.start_ns, _NOBODY, b"")
        self._stream.seek(chunk.offset)
        body = self._stream.read(chunk.length)
        if len(body) < chunk.length:
            raise BrokenFile("a chunk is not whole")
        found = []
        for record in mcap.inner_records(mcap.decompress(body)):
            if record.opcode == mcap.MESSAGE:
                channel, _, stamp_ns, _ = mcap.MESSAGE_HEAD.unpack_from(record.body)
                if channel in wanted:
                    found.append((stamp_ns, channel, record.body[mcap.MESSAGE_HEAD.size :]))
        found.sort(key=lambda one: one[0])
        for stamp_ns, channel, data in found:
            yield Record(stamp_ns, channel, bytes(data))

    def _parse_loose(self, wanted: frozenset[int]) -> Iterator[Record]:
        for one in sorted(self._index.loose, key=lambda one: one.stamp_ns):
            if one.channel in wanted:
                self._stream.seek(one.offset)
                yield Record(one.stamp_ns, one.channel, self._stream.read(one.length))

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()
