# SPDX-License-Identifier: Apache-2.0
"""Index of an mcap file's messages, from its summary or by going through all of it."""

from __future__ import annotations

import io
import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from tips_ros.bags.storage import mcap_records as mcap
from tips_ros.bags.storage.mcap_records import Fields, InnerRecord
from tips_ros.bags.storage.storage import BrokenFile, Channel, Definition, read_qos


class Schema(NamedTuple):
    """The type of a channel."""

    name: str
    definition: Definition


class ChannelRecord(NamedTuple):
    """A channel as it is written; `schema` 0 is none."""

    schema: int
    topic: str
    serialization: str
    metadata: dict[str, str]


class ChunkPlace(NamedTuple):
    """A chunk record; `channels` is None where nothing says which are in it."""

    start_ns: int
    offset: int  # of its body
    length: int
    channels: frozenset[int] | None


class LooseMessage(NamedTuple):
    """A message outside of chunks."""

    stamp_ns: int
    channel: int
    offset: int  # of its data
    length: int


@dataclass
class McapIndex:
    """All that is known of a file but its messages' bytes; `is_cut` where the end is missing."""

    schemas: dict[int, Schema] = field(default_factory=dict)
    records: dict[int, ChannelRecord] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)
    chunks: list[ChunkPlace] = field(default_factory=list)
    loose: list[LooseMessage] = field(default_factory=list)
    start_ns: int = 0
    end_ns: int = 0
    is_cut: bool = False

    def channels(self) -> list[Channel]:
        """The channels with what their schemas say."""
        return [self._channel(number, record) for number, record in sorted(self.records.items())]

    def _channel(self, number: int, record: ChannelRecord) -> Channel:
        schema = self.schemas.get(record.schema, Schema("", Definition()))
        return Channel(
            number,
            record.topic,
            schema.name,
            record.serialization,
            schema.definition,
            read_qos(record.metadata.get("offered_qos_profiles", "")),
            self.counts[number],
        )

    def add_description(self, record: InnerRecord) -> None:
        """Takes a schema or a channel; does nothing with another record."""
        fields = Fields(record.body)
        if record.opcode == mcap.SCHEMA:
            (number,) = fields.numbers("H")
            name, encoding, text = fields.text(), fields.text(), fields.text()
            self.schemas.setdefault(number, Schema(name, Definition(encoding, text)))
        elif record.opcode == mcap.CHANNEL:
            number, schema = fields.numbers("HH")
            topic, serialization, metadata = fields.text(), fields.text(), fields.text_map()
            channel = ChannelRecord(schema, topic, serialization, metadata)
            self.records.setdefault(number, channel)

    def count(self, channel: int, stamp_ns: int) -> None:
        """Counts a message."""
        self.start_ns = min(self.start_ns, stamp_ns) if self.counts else stamp_ns
        self.end_ns = max(self.end_ns, stamp_ns)
        self.counts[channel] += 1


def read_index(stream: BinaryIO) -> McapIndex:
    """Reads the summary of an open file; without a summary that says all, everything else.

    Raises:
        BrokenFile: not an mcap file.
    """
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if stream.read(len(mcap.MAGIC)) != mcap.MAGIC:
        raise BrokenFile("it does not begin as an mcap file")
    if stream.read(1) != bytes([mcap.HEADER]):
        raise BrokenFile("it has no mcap header")
    try:
        index = _summary(stream, size)
    except (BrokenFile, struct.error):
        index = None
    return index or _scan(stream, size)


def summary_records(stream: BinaryIO, size: int) -> list[InnerRecord]:
    """The records of an open file's summary; none where it has none.

    Raises:
        BrokenFile: the last one is not whole.
    """
    end = size - mcap.FOOTER_BYTES - len(mcap.MAGIC)
    if end < len(mcap.MAGIC):
        return []
    stream.seek(end)
    footer = stream.read()
    opcode, length, begin, _, _ = struct.unpack("<BQQQI", footer[: mcap.FOOTER_BYTES])
    if not footer.endswith(mcap.MAGIC) or (opcode, length) != (mcap.FOOTER, 20):
        return []
    if not 0 < begin <= end:
        return []
    stream.seek(begin)
    return list(mcap.inner_records(stream.read(end - begin)))


def _summary(stream: BinaryIO, size: int) -> McapIndex | None:
    """None where there is none, or one that leaves something out."""
    index, total, chunks = McapIndex(), None, 0
    for record in summary_records(stream, size):
        fields = Fields(record.body)
        if record.opcode == mcap.CHUNK_INDEX:
            start_ns, _, offset, chunk_length = fields.numbers("QQQQ")
            channels = frozenset(fields.number_map())
            body, length = offset + mcap.RECORD_HEAD.size, chunk_length - mcap.RECORD_HEAD.size
            index.chunks.append(ChunkPlace(start_ns, body, length, channels or None))
        elif record.opcode == mcap.STATISTICS:
            total, _, _, _, _, chunks = fields.numbers("QHIIII")
            index.start_ns, index.end_ns = fields.numbers("QQ")
            index.counts.update(fields.number_map())
        else:
            index.add_description(record)
    says_all = (
        total == sum(index.counts.values())
        and chunks == len(index.chunks)
        and bool(chunks or not total)
        and all(index.counts[number] == 0 or number in index.records for number in index.counts)
        and all(c.schema == 0 or c.schema in index.schemas for c in index.records.values())
    )
    return index if says_all else None


def _scan(stream: BinaryIO, size: int) -> McapIndex:
    """Goes through all records, up to the first that is not whole."""
    index, at = McapIndex(is_cut=True), len(mcap.MAGIC)
    while at + mcap.RECORD_HEAD.size <= size:
        stream.seek(at)
        opcode, length = mcap.RECORD_HEAD.unpack(stream.read(mcap.RECORD_HEAD.size))
        at += mcap.RECORD_HEAD.size
        if opcode in (mcap.DATA_END, mcap.FOOTER):
            index.is_cut = False
            break
        if opcode == 0 or at + length > size:
            break
        try:
            _add(index, stream, opcode, at, length)
        except (BrokenFile, struct.error):
            break
        at += length
    return index


def _add(index: McapIndex, stream: BinaryIO, opcode: int, at: int, length: int) -> None:
    """Takes one record of the data section."""
    if opcode == mcap.MESSAGE:
        head = mcap.MESSAGE_HEAD
        channel, _, stamp_ns, _ = head.unpack(stream.read(head.size))
        index.count(channel, stamp_ns)
        message = LooseMessage(stamp_ns, channel, at + head.size, length - head.size)
        index.loose.append(message)
    elif opcode == mcap.CHUNK:
        stamps, channels = [], set()
        for record in mcap.inner_records(mcap.decompress(stream.read(length))):
            if record.opcode == mcap.MESSAGE:
                channel, _, stamp_ns, _ = mcap.MESSAGE_HEAD.unpack_from(record.body)
                index.count(channel, stamp_ns)
                stamps.append(stamp_ns)
                channels.add(channel)
            else:
                index.add_description(record)
        if stamps:
            index.chunks.append(ChunkPlace(min(stamps), at, length, frozenset(channels)))
    elif opcode in (mcap.SCHEMA, mcap.CHANNEL):
        index.add_description(InnerRecord(opcode, memoryview(stream.read(length))))
