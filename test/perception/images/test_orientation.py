# SPDX-License-Identifier: Apache-2.0
"""The Exif orientation is found wherever a file may have it, and does what the standard says."""

from __future__ import annotations

import zlib

import cv2
import numpy as np
import pytest

from tips_ros.perception.images.orientation import (
    orientation_of,
    rotate_upright_by_tag,
    upright_size,
)

ALL = range(1, 9)


def tiff_block(tag: int, order: str = "big", kind: int = 3, before: int = 0) -> bytes:
    """A directory with other tags before the orientation."""

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, order)  # type: ignore[arg-type]

    value = number(tag, {1: 1, 3: 2, 4: 4}[kind]).ljust(4, b"\0")
    others = b"".join(
        number(0x0100 + i, 2) + number(3, 2) + number(1, 4) + number(6, 2) + b"\0\0"
        for i in range(before)
    )
    entry = number(0x0112, 2) + number(kind, 2) + number(1, 4) + value
    head = (b"MM" if order == "big" else b"II") + number(42, 2) + number(8, 4)
    return head + number(before + 1, 2) + others + entry + bytes(4)


def jpeg_with(*blocks: bytes) -> bytes:
    data = bytes(cv2.imencode(".jpg", np.zeros((8, 16, 3), np.uint8))[1])
    segments = b"".join(b"\xff\xe1" + (len(b) + 2).to_bytes(2, "big") + b for b in blocks)
    return data[:2] + segments + data[2:]


def png_with(block: bytes, *, at_the_end: bool) -> bytes:
    data = bytes(cv2.imencode(".png", np.zeros((8, 16, 3), np.uint8))[1])
    chunk = len(block).to_bytes(4, "big") + b"eXIf" + block
    chunk += zlib.crc32(b"eXIf" + block).to_bytes(4, "big")
    at = data.index(b"IEND") - 4 if at_the_end else 33  # behind the header
    return data[:at] + chunk + data[at:]


def webp_with(block: bytes) -> bytes:
    """As the extended format lays its chunks out; odd lengths are padded."""
    chunks = b"VP8X" + (10).to_bytes(4, "little") + bytes(10)
    chunks += b"ICCP" + (3).to_bytes(4, "little") + bytes(4)
    chunks += b"EXIF" + len(block).to_bytes(4, "little") + block
    return b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + chunks


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("kind", [1, 3, 4])
@pytest.mark.parametrize("tag", ALL)
def test_a_tag_of_any_type_in_either_byte_order_is_found(tag: int, kind: int, order: str):
    block = tiff_block(tag, order, kind, before=3)
    assert orientation_of(jpeg_with(b"Exif\0\0" + block)) == tag
    assert orientation_of(png_with(block, at_the_end=False)) == tag
    assert orientation_of(png_with(block, at_the_end=True)) == tag
    assert orientation_of(webp_with(block)) == orientation_of(webp_with(b"Exif\0\0" + block)) == tag


def test_it_is_found_behind_other_blocks_of_the_same_marker():
    data = jpeg_with(b"http://ns.adobe.com/xap/1.0/\0<x/>", b"Exif\0\0" + tiff_block(6))
    assert orientation_of(data) == 6


@pytest.mark.parametrize("tag", [0, 9, 255])
def test_a_tag_without_a_meaning_leaves_the_picture_alone(tag: int):
    assert orientation_of(jpeg_with(b"Exif\0\0" + tiff_block(tag))) == 1


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff\xff", b"GIF89a", b"RIFF\0\0\0\0WEBP",
     b"\x89PNG\r\n\x1a\n", jpeg_with(), jpeg_with(b"Exif\0\0"),
     jpeg_with(b"Exif\0\0MM\0*\xff\xff\xff\xff"),
     jpeg_with(b"Exif\0\0" + tiff_block(6)[:12]), jpeg_with(b"Exif\0\0XX" + tiff_block(6)[2:])],
)  # fmt: skip
def test_files_without_a_tag_that_can_be_read_are_as_stored(data: bytes):
    assert orientation_of(data) == 1


@pytest.mark.parametrize("cut", range(0, 40, 3))
def test_a_directory_that_ends_too_early_ends_nothing(cut: int):
    block = tiff_block(6, before=1)
    assert orientation_of(jpeg_with(b"Exif\0\0" + block[:cut])) in (1, 6)


@pytest.mark.parametrize("tag", ALL)
def test_each_orientation_is_what_opencv_makes_of_it(tag: int):
    blocks = np.random.default_rng(4).integers(0, 256, (3, 5, 3), dtype=np.uint8)
    stored = blocks.repeat(16, axis=0).repeat(16, axis=1)
    plain = bytes(cv2.imencode(".png", stored)[1])
    block = tiff_block(tag)
    chunk = len(block).to_bytes(4, "big") + b"eXIf" + block
    chunk += zlib.crc32(b"eXIf" + block).to_bytes(4, "big")
    tagged = plain[:33] + chunk + plain[33:]
    theirs = cv2.imdecode(np.frombuffer(tagged, np.uint8), cv2.IMREAD_COLOR)
    ours = rotate_upright_by_tag(stored, orientation_of(tagged))
    np.testing.assert_array_equal(ours, theirs)
    assert ours.flags.c_contiguous and ours.shape[:2] == upright_size(stored.shape[:2], tag)
