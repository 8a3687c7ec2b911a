# SPDX-License-Identifier: Apache-2.0
"""Compressed images are files: JPEG and PNG of every kind become rgb, or are refused."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from tips_ros.perception.images.compressed import decode_compressed
from tips_ros.perception.images.encodings import (
    MalformedImage,
)

from .plain_encoder import a_picture, assert_same, encoded_rows


def test_jpeg_and_png_keep_their_colours():
    rgb = np.empty((16, 16, 3), np.uint8)
    rgb[:] = 220, 60, 20
    for extension in ("jpg", "png"):
        data = cv2.imencode(f".{extension}", rgb[..., ::-1])[1]
        assert_same(decode_compressed(data, f"rgb8; {extension} compressed bgr8"), rgb, tolerance=3)
        assert_same(decode_compressed(data, ""), rgb, tolerance=3)


def test_grey_alpha_and_sixteen_bit_files_become_rgb():
    grey = a_picture("mono8")[..., 0]
    wanted = np.dstack([grey] * 3)
    alpha = np.dstack([grey, grey, grey, np.zeros_like(grey)])
    for pixels in (grey, alpha, grey.astype(np.uint16) * 257, wanted.astype(np.uint16) * 257):
        assert_same(decode_compressed(cv2.imencode(".png", pixels)[1], "png"), wanted)


def test_a_palette_file_becomes_rgb():
    picture, file = Image.new("P", (2, 1)), BytesIO()
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.putdata([0, 1])
    picture.save(file, "PNG")
    rgb = decode_compressed(file.getvalue(), "png")
    assert rgb.tolist() == [[[255, 0, 0], [0, 0, 255]]]


def test_an_orientation_tag_does_not_turn_the_picture():
    exif, file = Image.Exif(), BytesIO()
    exif[0x0112] = 6
    Image.new("RGB", (24, 8)).save(file, "JPEG", exif=exif)
    tagged = file.getvalue()
    assert cv2.imdecode(np.frombuffer(tagged, np.uint8), cv2.IMREAD_COLOR).shape == (24, 8, 3)
    assert decode_compressed(tagged, "jpeg").shape == (8, 24, 3)


def test_a_compressed_mosaic_gets_its_colours():
    rgb = a_picture("bayer_gbrg8")
    for encoding in ("bayer_gbrg8", "bayer_gbrg16"):
        png = cv2.imencode(".png", encoded_rows(rgb, encoding))[1]
        assert_same(decode_compressed(png, f"{encoding}; png compressed "), rgb)
    png = cv2.imencode(".png", rgb[..., ::-1])[1]
    assert_same(decode_compressed(png, "bayer_gbrg8; png compressed bgr8"), rgb)


@pytest.mark.parametrize(
    ("data", "format", "reason"),
    [
        (b"", "jpeg", "without data"),
        (b"\x00", "jpeg", "cannot be read"),
        (b"not a picture", "png", "publish a JPEG or PNG"),
        (b"\x00\x00\x00\x01\x67\x42", "h264", "'h264'"),
        (b"\xff\xd8\xff\xe0", "jpeg", "too early"),
        (b"\x89PNG\r\n\x1a\n", "png", "too early"),
        (bytes(100), "16UC1; compressedDepth png", "is a depth image"),
    ],
)
def test_bytes_that_are_no_picture_are_refused_in_one_line(data, format, reason):
    with pytest.raises(MalformedImage, match=reason) as error:
        decode_compressed(data, format)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("extension", ["jpg", "png"])
def test_half_a_file_is_no_picture(extension):
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = cv2.imencode(f".{extension}", rgb)[1].tobytes()
    with pytest.raises(MalformedImage):
        decode_compressed(data[: len(data) // 2], extension)
