# SPDX-License-Identifier: Apache-2.0
"""Parts of an mcap file: its records, and the chunks that hold most of them.

The format is that of https://mcap.dev/spec; all numbers are little-endian.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Iterator
from typing import NamedTuple

from tips_ros.bags.storage.storage import BrokenFile
from tips_ros.bags.storage.unpacking import MOST_BYTES, unpack

MAGIC = b"\x89MCAP0\r\n"
RECORD_HEAD = struct.Struct("<BQ")  # opcode, length
MESSAGE_HEAD = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
FOOTER_BYTES = RECORD_HEAD.size + 20
HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
CHUNK_INDEX, STATISTICS, METADATA_INDEX, DATA_END = 0x08, 0x0B, 0x0D, 0x0F

_CHUNK_HEAD = struct.Struct("<QQQI")  # first and last log time, bytes uncompressed, CRC


class Fields:
    """Reads the fields of one record from front to back."""

    def __init__(self, body: bytes | memoryview) -> None:
        self._body = memoryview(body)
        self._at = 0

    def numbers(self, layout: str) -> tuple[int, ...]:
        """Numbers as `struct` describes them."""
        found = struct.unpack_from(f"<{layout}", self._body, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return found

    def data(self, length_layout: str = "I") -> memoryview:
        """Bytes behind their length."""
        (length,) = self.numbers(length_layout)
        if self._at + length > len(self._body):
            raise BrokenFile("a record ends before its fields do")
        self._at += length
        return self._body[self._at - length : self._at]

    def text(self) -> str:
        """Text behind its length; what is not UTF-8 in it is replaced."""
        return bytes(self.data()).decode(errors="replace")

    def text_map(self) -> dict[str, str]:
        """Pairs of texts behind the length of all."""
        pairs, found = Fields(self.data()), {}
        while pairs._at < len(pairs._body):
            key = pairs.text()
            found[key] = pairs.text()
        return found

    def number_map(self) -> dict[int, int]:
        """Pairs of a channel's id and a number, behind the length of all."""
        return dict(struct.iter_unpack("<HQ", self.data()))


class InnerRecord(NamedTuple):
    """A record in memory."""

    opcode: int
    body: memoryview


def inner_records(data: bytes | memoryview) -> Iterator[InnerRecord]:
    """The records of a decompressed chunk, or of a summary section.

    Raises:
        BrokenFile: the last one is not whole.
    """
    view, at = memoryview(data), 0
    while at < len(view):
        if at + RECORD_HEAD.size > len(view):
            raise BrokenFile("a record is not whole")
        opcode, length = RECORD_HEAD.unpack_from(view, at)
        at += RECORD_HEAD.size
        if at + length > len(view):
            raise BrokenFile("a record is not whole")
        yield InnerRecord(opcode, view[at : at + length])
        at += length


def decompress(chunk: bytes) -> bytes | memoryview:
    """The records in the body of a chunk record.

    Raises:
        BrokenFile: another compression than lz4 and zstd, or bytes that are not those written.
    """
    fields = Fields(chunk)
    _, _, size, crc = fields.numbers(_CHUNK_HEAD.format[1:])
    compression = fields.text()
    packed = fields.data("Q")
    if size > MOST_BYTES:
        raise BrokenFile(f"a chunk of {size} bytes; at most {MOST_BYTES} are unpacked")
    data = unpack(compression, packed, size) if compression else packed
    if len(data) != size or (crc and crc32(data) != crc):
        raise BrokenFile("a chunk is damaged")
    return data
