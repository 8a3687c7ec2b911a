# SPDX-License-Identifier: Apache-2.0
"""The Exif orientation is found wherever a file may have it, and does what the standard says."""

from __future__ import annotations

import resource
import struct
import warnings
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from tips_ros.perception.images.compressed import decode_compressed
from tips_ros.perception.images.orientation import (
    orientation_of,
    rotate_upright_by_tag,
    upright_size,
)

STORED = np.random.default_rng(4).integers(0, 256, (3, 5, 3), np.uint8).repeat(16, 0).repeat(16, 1)
KINDS = ("JPEG", "PNG", "WEBP")


def tagged(kind: str, tag: int) -> bytes:
    exif, file = Image.Exif(), BytesIO()
    exif[0x0112], exif[0x0131] = tag, "a camera"
    Image.fromarray(STORED).save(file, kind, exif=exif)
    return file.getvalue()


def with_tags_at_the_end(png: bytes) -> bytes:
    at = png.index(b"eXIf") - 4
    end = at + 12 + int.from_bytes(png[at : at + 4], "big")
    iend = png.index(b"IEND") - 4
    return png[:at] + png[end:iend] + png[at:end] + png[iend:]


def jpeg_with(*blocks: bytes) -> bytes:
    """A JPEG of another program than Pillow, with segments for Exif behind its start marker."""
    data = bytes(cv2.imencode(".jpg", STORED)[1])
    segments = b"".join(b"\xff\xe1" + (len(b) + 2).to_bytes(2, "big") + b for b in blocks)
    return data[:2] + segments + data[2:]


def block(tag: int, order: str = ">", kind: str = "H") -> bytes:
    """Exif of a camera: the tag alone, as a number of one of four types."""
    value = struct.pack(order + kind, tag).ljust(4, b"\0")
    head = (b"MM" if order == ">" else b"II") + struct.pack(order + "HIH", 42, 8, 1)
    entry = struct.pack(order + "HHI", 0x0112, {"B": 1, "H": 3, "I": 4, "h": 8}[kind], 1) + value
    return b"Exif\0\0" + head + entry + bytes(4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tag", range(1, 9))
def test_it_is_found_in_files_of_each_kind(kind: str, tag: int):
    assert orientation_of(tagged(kind, tag)) == tag
    if kind == "PNG":
        assert orientation_of(with_tags_at_the_end(tagged(kind, tag))) == tag


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", "BHIh")
def test_cameras_write_it_in_either_byte_order(order: str, kind: str):
    assert orientation_of(jpeg_with(b"http://ns.adobe.com/x\0", block(6, order, kind))) == 6


FIRST = [b"Exif\0\0", b"Exif\0\0XX\0*\0\0", block(6)[:20], block(0)]


@pytest.mark.parametrize("first", FIRST)
def test_tags_that_tell_nothing_are_no_answer_while_others_follow(first: bytes):
    assert orientation_of(jpeg_with(first, block(6))) == 6
    assert orientation_of(jpeg_with(first, block(1), block(6))) == 1


@pytest.mark.parametrize("tag", range(1, 9))
def test_each_orientation_is_what_opencv_makes_of_it(tag: int):
    data = tagged("PNG", tag)
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    ours = rotate_upright_by_tag(STORED, orientation_of(data))
    np.testing.assert_array_equal(ours, theirs)
    assert ours.flags.c_contiguous and ours.shape[:2] == upright_size(STORED.shape[:2], tag)


CUT = [jpeg_with(block(6)[:end]) for end in range(0, len(block(6)), 3)]
WITHOUT = [
    *(b"", b"\xff\xd8", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"\x89PNG\r\n\x1a\n"),
    *(jpeg_with(), jpeg_with(b"Exif\0\0MM\0*\xff\xff\xff\xff"), jpeg_with(b"Exif\0\0XX\0*\0\0")),
    *(jpeg_with(block(tag)) for tag in (0, 9, 255)),
]


@pytest.mark.parametrize("data", WITHOUT + CUT)
def test_files_without_a_tag_that_can_be_read_are_as_stored_and_nobody_is_warned(data: bytes):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert orientation_of(data) in ((1, 6) if data in CUT else (1,))


def test_tags_that_share_their_value_fill_no_memory():
    # Three segments, which Pillow takes as one: 8000 tags of 90 kB each.
    tags = b"".join(struct.pack(">HHII", i, 7, 90_000, 96_100) for i in range(8000))
    body = b"MM\0*" + struct.pack(">IH", 8, 8000) + tags + bytes(93_000)
    data = jpeg_with(*(b"Exif\0\0" + body[at : at + 65_000] for at in range(0, len(body), 65_000)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert orientation_of(data) == 1
    assert decode_compressed(data, "jpeg").shape == STORED.shape
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB
