# SPDX-License-Identifier: Apache-2.0
"""A picture file is looked at before it is unpacked: its size, its end, its checksums."""

from __future__ import annotations

import resource
import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tips_ros.perception.images.compressed import decode_compressed, decode_picture_file
from tips_ros.perception.images.picture_header import JpegHead, check_picture
from tips_ros.perception.images.rows import MalformedImage

PICTURE = np.random.default_rng(3).integers(0, 255, (37, 53, 3), np.uint8)
MEGABYTE = zlib.compress(bytes(1 << 20))
KINDS = [
    *(".jpg", ".png", ".webp", ".bmp", ".tif", ".ppm"),
    *([".gif"] if cv2.haveImageWriter(".gif") else []),  # OpenCV 4.5 knows none
]


def file(kind: str, picture: np.ndarray = PICTURE, *options: int) -> bytes:
    return bytes(cv2.imencode(kind, picture, options)[1])


def by_pillow(kind: str) -> bytes:
    written = BytesIO()
    Image.fromarray(PICTURE).save(written, kind)
    return written.getvalue()


def with_bytes(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def png(width: int, height: int) -> bytes:
    """A PNG file of a size that its few pixels do not have; its checksums are right."""
    head = b"IHDR" + struct.pack(">II", width, height) + file(".png")[24:29]
    return with_bytes(file(".png"), 12, head + struct.pack(">I", zlib.crc32(head)))


def tiff(width: int, height: int) -> bytes:
    data = file(".tif")
    at = data.rindex(struct.pack("<HHII", 256, 3, 1, PICTURE.shape[1]))
    return with_bytes(data, at, struct.pack("<HHIIHHII", 256, 4, 1, width, 257, 4, 1, height))


def tiff_told_twice() -> bytes:
    """A TIFF file whose sides stand there twice, too large first, as which libtiff takes them."""
    sides = [struct.pack("<HHII", tag, 4, 1, n) for n in (70_000, 4) for tag in (256, 257)]
    return b"II*\0" + struct.pack("<IH", 8, len(sides)) + b"".join(sides) + bytes(100)


def ascii_pnm(kind: int) -> bytes:
    highest = b"" if kind == 1 else b"255\n"
    return b"P%d\n# a comment\n53 37\n" % kind + highest + b"1 " * PICTURE.size


def with_texts(number: int) -> bytes:
    """A PNG file with packed texts of a megabyte each."""
    info, written = PngInfo(), BytesIO()
    for _ in range(number):
        info.add(b"zTXt", b"a\0\0" + MEGABYTE)
    Image.fromarray(PICTURE).save(written, "PNG", pnginfo=info)
    return written.getvalue()


BOMBS = {
    "png": png(40_000, 40_000),
    "png, one line": png(2**31 - 1, 1),
    "jpeg": with_bytes(file(".jpg"), file(".jpg").index(b"\xff\xc0") + 5, b"\xff\xff\xff\xff"),
    "webp": with_bytes(by_pillow("WEBP"), 26, struct.pack("<HH", 16_383, 16_383)),
    "bmp": with_bytes(file(".bmp"), 18, struct.pack("<ii", 60_000, -60_000)),
    "gif": with_bytes(by_pillow("GIF"), 6, b"\xff\xff\xff\xff"),
    "ppm": b"P6 # a comment\n99999 99999\n255\n" + bytes(100),
    "ppm, a comment that a carriage return ends": b"P6\n#\r32000 32000 \n4 4\n255\n",
    "tiff": tiff(70_000, 70_000),
    "tiff, told twice": tiff_told_twice(),
    "png, texts": with_texts(5000),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_of_each_kind_is_read(kind):
    check_picture(file(kind), "")
    assert decode_compressed(file(kind), "").shape == PICTURE.shape


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_a_pnm_in_letters_is_read(kind):
    assert decode_compressed(ascii_pnm(kind), "").shape == PICTURE.shape


def test_a_pnm_may_have_other_ends_of_lines():
    data = b"P5\r# a comment\r53 37\r255\r" + PICTURE[..., 0].tobytes()
    assert decode_compressed(data, "").shape == PICTURE.shape


@pytest.mark.parametrize(
    "data",
    [
        b"P6 30000#30000 \n4 255\n" + bytes(100),
        b"\xff\xd8" + b"\xff\xfe\0\2" * 1_000_000 + file(".jpg")[2:],
        b"\xff\xd8" + b"\xff" * 4_000_000 + file(".jpg")[2:],
        file(".png")[:33] + b"\0\0\0\0teXt\xae\x0f\x83e" * 100_000 + file(".png")[33:],
    ],
    ids=["a number's own byte", "comments", "fill", "chunks"],
)
def test_heads_that_take_long_or_are_read_in_two_ways_are_refused(data):
    with pytest.raises(MalformedImage, match="damaged"):
        check_picture(data, "")


def test_segments_of_tags_are_not_joined():
    segment = b"\xff\xe1" + struct.pack(">H", 18) + b"Exif\0\0" + bytes(10)
    data = b"\xff\xd8" + segment * 10_000 + file(".jpg")[2:]
    check_picture(data, "")
    assert "exif" not in JpegHead(BytesIO(data)).info


@pytest.mark.parametrize("kind", BOMBS)
def test_a_size_that_nobody_has_room_for_is_refused_before_a_pixel_is_unpacked(kind):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(MalformedImage, match="announces too much .*; publish (a smaller|it w)"):
        decode_compressed(BOMBS[kind], "png")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_tags_of_a_tiff_that_share_their_value_fill_no_memory():
    value, tags = bytes(1 << 20), range(300, 20_300)
    entries = b"".join(struct.pack("<HHII", tag, 7, len(value), 8) for tag in tags)
    sides = struct.pack("<HHIIHHII", 256, 3, 1, 5, 257, 3, 1, 5)
    start = struct.pack("<4sI", b"II*", 8 + len(value))
    data = start + value + struct.pack("<H", 2 + len(tags)) + sides + entries + bytes(4)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    check_picture(data, "tiff")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


@pytest.mark.parametrize("at", [0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", [".png", ".webp", ".jpg"])
def test_a_file_that_was_cut_is_refused(kind, at):
    data = file(kind)
    with pytest.raises(MalformedImage, match="ends too early"):
        decode_compressed(data[: int(at * len(data))], "")


@pytest.mark.parametrize("cut", [1, 4, 8, 12])
def test_a_png_that_lacks_only_its_end_is_refused(cut):
    with pytest.raises(MalformedImage, match="ends too early"):
        decode_compressed(file(".png")[:-cut], "")


@pytest.mark.parametrize("at", [0.3, 0.6, 0.95])
def test_a_png_with_a_bit_that_fell_over_is_refused_and_no_picture_of_its_own_making(at):
    data = file(".png")
    place = int(at * len(data))
    with pytest.raises(MalformedImage, match="check the link"):
        decode_compressed(with_bytes(data, place, bytes([data[place] ^ 16])), "png")


@pytest.mark.parametrize("width,height", [(0, 5), (5, 0)])
def test_a_picture_without_pixels_is_refused(width, height):
    with pytest.raises(MalformedImage, match="damaged"):
        decode_compressed(png(width, height), "png")


UNKNOWN = [b"#?RADIANCE\n", b"\0\0\0\x0cjP  \r\n\x87\n", b"v/1\x01", b"GIF", b"\0", b"hello"]
UNKNOWN.append(b"RIFF\0\0\0\0WAVE")


@pytest.mark.parametrize("data", UNKNOWN)
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
