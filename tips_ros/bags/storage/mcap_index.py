# SPDX-License-Identifier: Apache-2.0
"""Index of an mcap file's messages, from its summary or by going through all of it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mcap import records as mcap
from mcap.opcode import Opcode

from tips_ros.bags.storage.mcap_records import FOOTER_SIZE, MAGIC, inner_records, read_records
from tips_ros.bags.storage.storage import BrokenFile, Channel, Definition, read_qos

_IN_CHUNKS = frozenset((Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE))
_IN_DATA = _IN_CHUNKS | {Opcode.CHUNK, Opcode.DATA_END, Opcode.FOOTER}
_IN_SUMMARY = (
    *(Opcode.SCHEMA, Opcode.CHANNEL, Opcode.CHUNK_INDEX, Opcode.STATISTICS),
    Opcode.METADATA_INDEX,
)


class MessagesPlace(NamedTuple):
    """A chunk, or a message outside of chunks; `channels` is empty where nothing says which."""

    start_ns: int
    begin: int
    end: int
    channels: tuple[int, ...]


@dataclass
class McapIndex:
    """All that is known of a file but its messages' bytes; `is_cut` where the end is missing."""

    schemas: dict[int, mcap.Schema] = field(default_factory=dict)
    records: dict[int, mcap.Channel] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)
    places: list[MessagesPlace] = field(default_factory=list)
    start_ns: int = 0
    end_ns: int = 0
    is_cut: bool = False

    def channels(self) -> list[Channel]:
        """The channels with what their schemas say."""
        nothing = mcap.Schema(0, b"", "", "")
        return [
            Channel(
                number,
                record.topic,
                (schema := self.schemas.get(record.schema_id, nothing)).name,
                record.message_encoding,
                Definition(schema.encoding, schema.data.decode(errors="replace")),
                read_qos(record.metadata.get("offered_qos_profiles", "")),
                self.counts[number],
            )
            for number, record in sorted(self.records.items())
        ]

    def add_description(self, record: mcap.McapRecord) -> None:
        """Takes a schema or a channel, the first of each id; does nothing with another record."""
        if isinstance(record, mcap.Schema):
            self.schemas.setdefault(record.id, record)
        elif isinstance(record, mcap.Channel):
            self.records.setdefault(record.id, record)

    def add_place(self, records: Iterable[mcap.McapRecord], begin: int, end: int) -> None:
        """Takes what a chunk has, or the one record that is there outside of chunks.

        Raises:
            BrokenFile: a record is not whole; then none is taken.
        """
        part = McapIndex()  # and no list: a chunk of a few bytes may have millions of messages
        for record in records:
            if not isinstance(record, mcap.Message):
                part.add_description(record)
                continue
            stamp = record.log_time
            part.start_ns = min(part.start_ns, stamp) if part.counts else stamp
            part.end_ns = max(part.end_ns, stamp)
            part.counts[record.channel_id] += 1
        for one in (*part.schemas.values(), *part.records.values()):
            self.add_description(one)
        if part.counts:
            self.counts.update(part.counts)
            self.places.append(MessagesPlace(part.start_ns, begin, end, tuple(part.counts)))
            self.end_ns = max(self.end_ns, part.end_ns)


def read_index(stream: BinaryIO) -> McapIndex:
    """Reads the summary of an open mcap file; without one that says all, everything else."""
    try:
        index = _index_of_summary(stream)
    except BrokenFile:
        index = None
    return index or _scan(stream)


def read_notes(path: Path, name: str) -> dict[str, str]:
    """The texts that a recorder put beside the messages of a file as metadata of this name.

    Empty where the file has none, or can't be read.
    """
    try:
        with path.open("rb") as stream:
            for index in _summary_records(stream):
                if isinstance(index, mcap.MetadataIndex) and index.name == name:
                    end = min(index.offset + index.length, path.stat().st_size)
                    for found, *_ in read_records(stream, index.offset, end, (Opcode.METADATA,)):
                        return dict(found.metadata)
    except (BrokenFile, OSError, OverflowError):
        pass
    return {}


def _summary_records(stream: BinaryIO) -> Iterator[mcap.McapRecord]:
    """The records of the summary; nothing where there is none."""
    end = stream.seek(0, io.SEEK_END) - FOOTER_SIZE - len(MAGIC)
    if end < len(MAGIC):
        return
    stream.seek(end + FOOTER_SIZE)
    if stream.read() != MAGIC:
        return
    for footer, *_ in read_records(stream, end, end + FOOTER_SIZE, (Opcode.FOOTER,)):
        if 0 < footer.summary_start <= end:
            for record, *_ in read_records(stream, footer.summary_start, end, _IN_SUMMARY):
                yield record


def _index_of_summary(stream: BinaryIO) -> McapIndex | None:
    """The index that the summary holds; None without one, or where it leaves something out."""
    index, total, chunks = McapIndex(), None, 0
    for record in _summary_records(stream):
        if isinstance(record, mcap.ChunkIndex):
            begin = record.chunk_start_offset
            span = (record.message_start_time, begin, begin + record.chunk_length)
            index.places.append(MessagesPlace(*span, tuple(record.message_index_offsets)))
        elif isinstance(record, mcap.Statistics):
            total, chunks = record.message_count, record.chunk_count
            index.start_ns, index.end_ns = record.message_start_time, record.message_end_time
            index.counts.update(record.channel_message_counts)
        index.add_description(record)
    size = stream.seek(0, io.SEEK_END)
    says_all = (
        total == sum(index.counts.values())
        and chunks == len(index.places) == len({place.begin for place in index.places})
        and bool(chunks or not total)
        and all(place.end <= size for place in index.places)
        and all(index.counts[number] == 0 or number in index.records for number in index.counts)
        and all(c.schema_id == 0 or c.schema_id in index.schemas for c in index.records.values())
    )
    return index if says_all else None


def _scan(stream: BinaryIO) -> McapIndex:
    """Goes through all records, up to the first that is not whole."""
    index, size = McapIndex(is_cut=True), stream.seek(0, io.SEEK_END)
    try:
        found = read_records(stream, len(MAGIC), size, _IN_DATA, with_data=False)
        for record, begin, end in found:
            if isinstance(record, (mcap.DataEnd, mcap.Footer)):
                index.is_cut = False
                break
            index.add_place(inner_records(record, _IN_CHUNKS, with_data=False), begin, end)
    except BrokenFile:
        pass
    index.start_ns = min((place.start_ns for place in index.places), default=0)
    return index
