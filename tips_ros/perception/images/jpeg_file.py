# SPDX-License-Identifier: Apache-2.0
"""The segments of a JPEG file, by its markers.

Libraries fill what is missing of a file with grey, and a thumbnail in it has an end marker of its
own. So whoever wants to know whether a file is whole must go through it from marker to marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

START = b"\xff\xd8"
APP1 = 0xE1
SCAN, END = 0xDA, 0xD9
_ALONE = {0x01, 0xD8}  # markers without a length
# In a scan FF 00 is the byte FF, and D0 to D7 are only marks to restart at.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)


class Segment(NamedTuple):
    """A marker and what belongs to it, past its length; of a scan that is its header."""

    marker: int
    payload: bytes


def segments(data: bytes) -> Iterator[Segment]:
    """The segments in order, the end marker the last; ends sooner where the file does."""
    at = len(START)
    while (found := _MARKER.search(data, at)) is not None:
        marker, at = found[1][0], found.end()
        if marker == END:
            yield Segment(marker, b"")
            return
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data):
            return
        yield Segment(marker, data[at + 2 : at + length])
        at += length


def is_whole(data: bytes) -> bool:
    """Whether a scan of the picture and, after it, the end marker are there."""
    markers = [segment.marker for segment in segments(data)]
    return SCAN in markers and markers[-1] == END


def before_the_scan(data: bytes) -> Iterator[Segment]:
    """The segments that say something about the picture."""
    for segment in segments(data):
        if segment.marker == SCAN:
            return
        yield segment
