# SPDX-License-Identifier: Apache-2.0
"""The size that a picture file announces, and whether its bytes are those that were written.

A few hundred bytes can announce more pixels than any machine has room for, so the size is looked at
before a pixel is unpacked. What was damaged on its way is found here where the format tells:
libraries make a picture of the part that they understand, or write to the process's own stderr.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tips_ros.perception.images import jpeg_file
from tips_ros.perception.images.rows import MalformedImage

MOST_PIXELS = 1 << 27  # 134 million; the largest cameras have as many
_PNG = b"\x89PNG\r\n\x1a\n"
_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the segments of a JPEG that begin a frame
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_ENTRY = 256, 257, 12
_PNM = re.compile(rb"P[1-6](?:\s+|#[^\n]*\n)+(\d{1,9})(?:\s+|#[^\n]*\n)+(\d{1,9})\s")


class Size(NamedTuple):
    """Columns and rows."""

    width: int
    height: int


def check_picture(data: bytes, format: str) -> None:
    """Looks at a picture file that came from anywhere, before it is decoded.

    Args:
        data: the file.
        format: what the message says of it, for the error.

    Raises:
        MalformedImage: of no kind whose size can be told, cut off, damaged, or too large.
    """
    for start, read in _READERS:
        if re.match(start, data, re.DOTALL):
            size = read(data)
            break
    else:
        raise MalformedImage(
            f"compressed image of format {format!r} ({len(data)} bytes) cannot be read; "
            f"publish a JPEG or PNG"
        )
    if size is None or size.width < 1 or size.height < 1:
        raise MalformedImage(
            f"compressed image of format {format!r} whose header is damaged; "
            "check the link to the camera"
        )
    if size.width * size.height > MOST_PIXELS:
        raise MalformedImage(
            f"compressed image that announces {size.width}x{size.height} pixels in {len(data)} "
            f"bytes, and {MOST_PIXELS} pixels is the most; publish a smaller picture"
        )


def _jpeg(data: bytes) -> Size | None:
    found, has_scan, marker = None, False, 0
    for marker, payload in jpeg_file.segments(data):
        if marker in _SIZES and found is None:
            found = Size(_big(payload[3:5]), _big(payload[1:3]))
        has_scan |= marker == jpeg_file.SCAN
    if not has_scan or marker != jpeg_file.END:
        # OpenCV would fill what is missing with grey and call it a picture.
        raise MalformedImage("JPEG image ends too early; check the link to the camera")
    return found


def _png(data: bytes) -> Size | None:
    """The size by the first chunk, once all of them are what was written."""
    names = []
    for name, chunk, checksum in _png_chunks(data):
        if zlib.crc32(chunk, zlib.crc32(name)) != checksum:
            raise MalformedImage("PNG image with a wrong checksum; check the link to the camera")
        names.append(name)
    if not names or names[0] != b"IHDR" or b"IDAT" not in names or names[-1] != b"IEND":
        raise MalformedImage("PNG image ends too early; check the link to the camera")
    return Size(_big(data[16:20]), _big(data[20:24]))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    view, at = memoryview(data), len(_PNG)
    while at + 12 <= len(data):
        end = at + 8 + _big(data[at : at + 4])
        if end + 4 > len(data):
            return
        name = data[at + 4 : at + 8]
        yield name, view[at + 8 : end], _big(data[end : end + 4])
        if name == b"IEND":
            return
        at = end + 4


def _webp(data: bytes) -> Size | None:
    if len(data) < 30 or len(data) < 8 + _little(data[4:8]):
        raise MalformedImage("WebP image ends too early; check the link to the camera")
    kind = data[12:16]
    if kind == b"VP8X":
        return Size(1 + _little(data[24:27]), 1 + _little(data[27:30]))
    if kind == b"VP8L":
        bits = _little(data[21:25])
        return Size(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    return Size(_little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF)


def _bmp(data: bytes) -> Size | None:
    width, height = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (18, 22))
    return Size(width, abs(height))  # rows from the top are counted below zero


def _gif(data: bytes) -> Size | None:
    return Size(_little(data[6:8]), _little(data[8:10]))


def _tiff(data: bytes) -> Size | None:
    order: Any = "little" if data[:2] == b"II" else "big"
    directory = int.from_bytes(data[4:8], order)
    sides: dict[int, int] = {}
    for entry in range(int.from_bytes(data[directory : directory + 2], order)):
        at = directory + 2 + entry * _TIFF_ENTRY
        field = data[at : at + _TIFF_ENTRY]
        if len(field) < _TIFF_ENTRY:
            return None
        bytes_of_value = 2 if int.from_bytes(field[2:4], order) == 3 else 4
        value = int.from_bytes(field[8 : 8 + bytes_of_value], order)
        sides.setdefault(int.from_bytes(field[:2], order), value)
    return Size(sides.get(_TIFF_WIDTH, 0), sides.get(_TIFF_HEIGHT, 0))


def _pnm(data: bytes) -> Size | None:
    found = _PNM.match(data)
    return found and Size(int(found[1]), int(found[2]))


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


_READERS: tuple[tuple[bytes, Callable[[bytes], Size | None]], ...] = (
    (re.escape(jpeg_file.START), _jpeg),
    (re.escape(_PNG), _png),
    (rb"RIFF....WEBP", _webp),
    (rb"BM", _bmp),
    (rb"GIF8[79]a", _gif),
    (rb"II\*\0|MM\0\*", _tiff),
    (rb"P[1-6]\s", _pnm),
)
