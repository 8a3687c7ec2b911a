# SPDX-License-Identifier: Apache-2.0
"""Records of an mcap file. The library mcap reads their fields, each record from its own bytes.

Its own readers are not used, as files may be cut, damaged or made to harm: they give less than was
asked for without a word, and unpack chunks whatever becomes of them.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Container, Iterator
from io import BytesIO
from typing import Any, BinaryIO

from mcap import records as mcap
from mcap.data_stream import ReadDataStream
from mcap.exceptions import EndOfFile
from mcap.opcode import Opcode

from tips_ros.bags.storage.storage import BrokenFile
from tips_ros.bags.storage.unpacking import MOST_BYTES, unpack

MAGIC = b"\x89MCAP0\r\n"  # mcap.writer has it, too, and takes long to import
_HEAD = struct.Struct("<BQ")  # opcode, length
_MESSAGE_HEAD = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
FOOTER_SIZE = _HEAD.size + struct.calcsize("<QQI")  # starts of two sections, checksum
_KINDS: dict[int, Any] = {
    Opcode.FOOTER: mcap.Footer,
    Opcode.SCHEMA: mcap.Schema,
    Opcode.CHANNEL: mcap.Channel,
    Opcode.CHUNK: mcap.Chunk,
    Opcode.CHUNK_INDEX: mcap.ChunkIndex,
    Opcode.STATISTICS: mcap.Statistics,
    Opcode.METADATA: mcap.Metadata,
    Opcode.METADATA_INDEX: mcap.MetadataIndex,
    Opcode.DATA_END: mcap.DataEnd,
}


class _Body(ReadDataStream):
    """The bytes of one record, and never fewer than were asked for."""

    def __init__(self, data: bytes) -> None:
        super().__init__(BytesIO(data))
        self._size = len(data)

    def read(self, length: int) -> bytes:
        if not 0 <= length <= self._size - self.count:
            raise EndOfFile
        return super().read(length)

    def read_prefixed_string(self) -> str:
        """A text; what is not UTF-8 in it is replaced."""
        return self.read(self.read4()).decode(errors="replace")


def read_records(
    stream: BinaryIO, begin: int, end: int, kinds: Container[int], *, with_data: bool = True
) -> Iterator[tuple[Any, int, int]]:
    """Goes through the records between two places; those that are not of these kinds are skipped.

    Args:
        stream: an open file.
        begin: place of the first record.
        end: that behind the last one.
        kinds: opcodes.
        with_data: without, messages have no data, and none of it is read.

    Yields:
        A record, where it begins and where the next one does.

    Raises:
        BrokenFile: one is not whole.
    """
    while begin < end:
        stream.seek(begin)
        head = stream.read(_HEAD.size)
        opcode, length = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, 0)
        after = begin + _HEAD.size + length
        if not opcode or after > end:
            raise BrokenFile("a record is not whole")
        if opcode in kinds:
            is_bare = opcode == Opcode.MESSAGE and not with_data
            body = stream.read(min(length, _MESSAGE_HEAD.size) if is_bare else length)
            yield _parse(opcode, body), begin, after
        begin = after


def inner_records(
    chunk: mcap.McapRecord, kinds: Container[int], *, with_data: bool = True
) -> Iterator[Any]:
    """The records of these kinds in a chunk, or a record that is outside of chunks by itself.

    `with_data` as in `read_records`.

    Raises:
        BrokenFile: another compression than lz4 and zstd, or bytes that are not those written.
    """
    if not isinstance(chunk, mcap.Chunk):
        return iter((chunk,))
    size, crc = chunk.uncompressed_size, chunk.uncompressed_crc
    if size > MOST_BYTES:
        raise BrokenFile(f"a chunk of {size} bytes; at most {MOST_BYTES} are unpacked")
    data = unpack(chunk.compression, chunk.data, size) if chunk.compression else chunk.data
    if len(data) != size or (crc and crc32(data) != crc):
        raise BrokenFile("a chunk is damaged")
    records = read_records(BytesIO(data), 0, size, kinds, with_data=with_data)
    return (record for record, *_ in records)


def _parse(opcode: int, body: bytes) -> mcap.McapRecord:
    try:
        if opcode != Opcode.MESSAGE:
            return _KINDS[opcode].read(_Body(body))
        # A bag may have a million: the library's own way takes three times as long.
        channel, sequence, log_time, publish_time = _MESSAGE_HEAD.unpack_from(body)
        return mcap.Message(channel, log_time, body[_MESSAGE_HEAD.size :], publish_time, sequence)
    except (EndOfFile, UnicodeDecodeError, struct.error) as error:
        raise BrokenFile("a record ends before its fields do") from error
