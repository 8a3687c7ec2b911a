# SPDX-License-Identifier: Apache-2.0
"""A picture file is looked at before it is unpacked: its size, its end, its checksums."""

from __future__ import annotations

import resource
import struct
import zlib

import cv2
import numpy as np
import pytest

from tips_ros.perception.images.compressed import decode_compressed, decode_picture_file
from tips_ros.perception.images.picture_header import check_picture
from tips_ros.perception.images.rows import MalformedImage

PICTURE = np.random.default_rng(3).integers(0, 255, (37, 53, 3), np.uint8)
KINDS = [
    *(".jpg", ".png", ".webp", ".bmp", ".tif", ".ppm"),
    *([".gif"] if cv2.haveImageWriter(".gif") else []),  # OpenCV 4.5 knows none
]


def file(kind: str, picture: np.ndarray = PICTURE) -> bytes:
    return bytes(cv2.imencode(kind, picture)[1])


def png(width: int, height: int, data: bytes = b"\0") -> bytes:
    """A sound PNG file of a size that its few pixels do not have."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks
    )


def webp_claiming(width: int, height: int) -> bytes:
    data = bytearray(file(".webp"))
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + (10).to_bytes(4, "little") + bytes(4) + sides + bytes(data[12:])
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def with_bytes(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


BOMBS = {
    "png": png(40_000, 40_000),
    "png, one line": png(2**31 - 1, 1),
    "png, of zeros": png(20_000, 20_000, bytes(60_001 * 50)),
    "jpeg": None,  # below
    "webp": webp_claiming(16_384, 16_384),
    "bmp": with_bytes(file(".bmp"), 18, struct.pack("<ii", 60_000, -60_000)),
    "gif": b"GIF89a" + b"\xff\xff\xff\xff" + bytes(20) + b";",
    "ppm": b"P6 # a comment\n99999 99999\n255\n" + bytes(100),
    "tiff": None,
}
_JPEG = file(".jpg")
_SIZE = _JPEG.index(b"\xff\xc0") + 5
BOMBS["jpeg"] = with_bytes(_JPEG, _SIZE, b"\xff\xff\xff\xff")
_TIFF = file(".tif")
_WIDTH = struct.pack("<H", 256)
_AT = next(at for at in range(len(_TIFF)) if _TIFF[at : at + 2] == _WIDTH and _TIFF[at + 8] == 53)
BOMBS["tiff"] = with_bytes(
    _TIFF, _AT, struct.pack("<HHIIHHII", 256, 4, 1, 70_000, 257, 4, 1, 70_000)
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_of_each_kind_is_read(kind):
    check_picture(file(kind), "")
    assert decode_compressed(file(kind), "").shape == PICTURE.shape


@pytest.mark.parametrize("kind", BOMBS)
def test_a_size_that_nobody_has_room_for_is_refused_before_a_pixel_is_unpacked(kind):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(MalformedImage, match="announces .* publish a smaller picture"):
        decode_compressed(BOMBS[kind], "png")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


@pytest.mark.parametrize("at", [0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", [".png", ".webp", ".jpg"])
def test_a_file_that_was_cut_is_refused(kind, at):
    data = file(kind)
    with pytest.raises(MalformedImage, match="ends too early"):
        decode_compressed(data[: int(at * len(data))], "")


@pytest.mark.parametrize("at", [0.3, 0.6, 0.95])
def test_a_png_with_a_bit_that_fell_over_is_refused_and_no_picture_of_its_own_making(at):
    data = file(".png")
    place = int(at * len(data))
    with pytest.raises(MalformedImage, match="check the link"):
        decode_compressed(with_bytes(data, place, bytes([data[place] ^ 16])), "png")


@pytest.mark.parametrize("width,height", [(0, 5), (5, 0)])
def test_a_picture_without_pixels_is_refused(width, height):
    with pytest.raises(MalformedImage, match="header is damaged"):
        decode_compressed(png(width, height), "png")


@pytest.mark.parametrize(
    "data", [b"#?RADIANCE\n", b"\0\0\0\x0cjP  \r\n\x87\n", b"v/1\x01", b"GIF", b"\0", b"hello"]
)
def test_a_message_of_a_kind_whose_size_nobody_knows_is_refused(data):
    # OpenCV would write some of these to a temporary file first.
    with pytest.raises(MalformedImage, match="publish a JPEG or PNG"):
        decode_compressed(data + bytes(100), "jpeg")


def test_a_picture_file_of_ones_own_may_be_of_any_kind_that_opencv_reads():
    bright = file(".hdr", PICTURE.astype(np.float32) / 255)
    assert decode_picture_file(bright).shape == PICTURE.shape
    with pytest.raises(MalformedImage):
        decode_compressed(bright, "")


def test_headers_that_end_anywhere_are_refused():
    for kind in KINDS:
        data = file(kind)
        for end in range(2, 60):
            with pytest.raises(MalformedImage):
                decode_compressed(data[:end], "")
