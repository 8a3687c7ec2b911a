# SPDX-License-Identifier: Apache-2.0
"""Every encoding is written here by a plain numpy encoder, and must come back as it went in."""

from __future__ import annotations

import array
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from tips_ros.perception.images.compressed import decode_compressed
from tips_ros.perception.images.decoder import decode_message
from tips_ros.perception.images.encodings import (
    SUPPORTED_ENCODINGS,
    MalformedImage,
    UnsupportedEncoding,
    decode_depth,
    decode_image,
)

from .plain_encoder import (
    HEIGHT,
    SIXTEEN_BIT,
    WIDTH,
    YUV,
    a_picture,
    assert_same,
    encoded_rows,
    packed_bytes,
    yuv_rows,
)


@pytest.mark.parametrize("encoding", SUPPORTED_ENCODINGS)
def test_every_encoding_comes_back_as_the_picture_it_was(encoding):
    rgb = a_picture(encoding)
    data, step = packed_bytes(encoded_rows(rgb, encoding))
    decoded = decode_image(data, encoding, HEIGHT, WIDTH, step)
    assert decoded.flags.c_contiguous
    assert_same(decoded, rgb, tolerance=2 if encoding in YUV else 0)


@pytest.mark.parametrize("padding", [1, 2, 64])
@pytest.mark.parametrize("encoding", SUPPORTED_ENCODINGS)
def test_a_padded_row_is_skipped_not_shown(encoding, padding):
    rgb = a_picture(encoding)
    rows = encoded_rows(rgb, encoding)
    if encoding == "nv24":  # its chroma rows are two luma steps long
        luma, chroma = rows[:HEIGHT], rows[HEIGHT:].reshape(HEIGHT, -1)
        data = packed_bytes(luma, padding)[0] + packed_bytes(chroma, 2 * padding)[0]
        step = WIDTH + padding
    else:
        data, step = packed_bytes(rows, padding)
    assert_same(decode_image(data, encoding, HEIGHT, WIDTH, step), rgb, 2 if encoding in YUV else 0)


@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize("encoding", SIXTEEN_BIT)
def test_sixteen_bits_of_a_big_endian_camera_are_swapped(encoding, padding):
    rgb = a_picture(encoding)
    data, step = packed_bytes(encoded_rows(rgb, encoding), padding, big_endian=True)
    assert_same(decode_image(data, encoding, HEIGHT, WIDTH, step, is_bigendian=True), rgb)


@pytest.mark.parametrize("encoding", ["rgb8", "mono8", "bayer_rggb8"])
def test_byte_order_means_nothing_to_single_bytes(encoding):
    rgb = a_picture(encoding)
    data, step = packed_bytes(encoded_rows(rgb, encoding))
    assert_same(decode_image(data, encoding, HEIGHT, WIDTH, step, is_bigendian=True), rgb)


def test_every_sixteen_bit_level_is_scaled_and_rounded_to_the_nearest():
    levels = np.arange(65536, dtype=np.uint16)
    decoded = decode_image(levels.tobytes(), "mono16", 256, 256, 512)
    np.testing.assert_array_equal(decoded[..., 1].ravel(), np.rint(levels * (255 / 65535)))


def test_a_bayer_name_tells_the_colours_of_the_first_four_pixels():
    red_first = np.zeros((6, 6), np.uint8)
    red_first[0::2, 0::2] = 255
    decoded = decode_image(red_first.tobytes(), "bayer_rggb8", 6, 6, 6)
    assert decoded[2, 2].tolist() == [255, 0, 0]
    decoded = decode_image(red_first.tobytes(), "bayer_bggr8", 6, 6, 6)
    assert decoded[2, 2].tolist() == [0, 0, 255]


@pytest.mark.parametrize("encoding", YUV)
def test_luma_below_black_and_above_white_is_clipped(encoding):
    for level, expected in ((0, 0), (255, 255)):
        y = np.full((2, 2), level, np.uint8)
        grey = np.full((2, 2), 128, np.uint8)
        data, step = packed_bytes(yuv_rows(y, grey, grey, encoding))
        decoded = decode_image(data, encoding, 2, 2, step)
        assert np.unique(decoded).tolist() == [expected]


@pytest.mark.parametrize(
    "wrap", [bytes, bytearray, memoryview, lambda b: array.array("B", b),
             lambda b: np.frombuffer(b, np.uint8)]
)  # fmt: skip
def test_any_byte_buffer_will_do(wrap):
    rgb = a_picture("rgb8")
    assert_same(decode_image(wrap(rgb.tobytes()), "rgb8", HEIGHT, WIDTH, 3 * WIDTH), rgb)
    jpeg = cv2.imencode(".png", rgb[..., ::-1])[1].tobytes()
    assert_same(decode_compressed(wrap(jpeg), "png"), rgb)


def test_rgb8_is_a_view_that_cannot_write_to_the_message():
    buffer = array.array("B", a_picture("rgb8").tobytes())
    decoded = decode_image(buffer, "rgb8", HEIGHT, WIDTH, 3 * WIDTH)
    assert not decoded.flags.writeable
    buffer[0] ^= 0xFF
    assert decoded[0, 0, 0] == buffer[0]


def test_one_pixel_is_a_picture():
    assert decode_image(b"\x01\x02\x03", "bgr8", 1, 1, 3).tolist() == [[[3, 2, 1]]]


def test_spare_bytes_after_the_last_row_are_ignored():
    assert decode_image(b"\x01\x02\x03spare", "rgb8", 1, 1, 3).tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize("encoding", ["", "rgb9", "64FC1", "32FC3", "h264", "rgb8; jpeg"])
def test_an_unknown_encoding_is_refused_with_the_list_of_known_ones(encoding):
    with pytest.raises(UnsupportedEncoding, match="bgr8.*nv12") as error:
        decode_image(b"", encoding, 1, 1, 1)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("encoding", "height", "width", "step", "size", "reason"),
    [
        ("rgb8", 2, 4, 11, 100, "step 11, but 4 pixels take 12 bytes"),
        ("rgb8", 2, 4, 0, 100, "step 0"),
        ("rgb8", 2, 4, 12, 23, "23 bytes of data, but 2 rows of step 12 take 24"),
        ("rgb8", 2, 4, 12, 0, "0 bytes of data"),
        ("mono16", 2, 4, 4, 100, "take 8 bytes"),
        ("rgb8", 2**31, 2**31, 3 * 2**31, 100, "100 bytes of data"),
        ("rgb8", 0, 4, 12, 0, "4x0"),
        ("rgb8", 2, 0, 0, 0, "0x2"),
        ("rgb8", -1, 4, 12, 100, "4x-1"),
        ("nv12", 0, 0, 0, 0, "without pixels"),
        ("nv12", 3, 4, 4, 100, "even width and height"),
        ("nv21", 4, 3, 3, 100, "even width and height"),
        ("nv12", 2, 4, 4, 11, "11 bytes"),
        ("nv24", 2, 4, 4, 23, "23 bytes"),
        ("yuyv", 2, 3, 6, 100, "3x2"),
        ("bayer_rggb8", 2, 4, 4, 100, "4x2"),
    ],
)
def test_sizes_that_cannot_be_are_refused_in_one_line(encoding, height, width, step, size, reason):
    with pytest.raises(MalformedImage, match=reason) as error:
        decode_image(bytes(size), encoding, height, width, step)
    assert "\n" not in str(error.value)


def test_messages_of_either_kind_are_told_apart_by_their_fields():
    rgb = a_picture("rgb8")
    png = cv2.imencode(".png", rgb[..., ::-1])[1]
    raw = SimpleNamespace(
        data=array.array("B", rgb[..., ::-1].tobytes()), encoding="bgr8", height=HEIGHT,
        width=WIDTH, step=3 * WIDTH, is_bigendian=0,
    )  # fmt: skip
    assert_same(decode_message(raw), rgb)
    assert_same(decode_message(SimpleNamespace(data=png, format="png")), rgb)


def test_depth_in_millimetres_becomes_metres_and_zero_becomes_nan():
    for order in "<>":
        depth_mm = np.array([[0, 1], [1500, 65535]], f"{order}u2")
        depth_m = decode_depth(depth_mm.tobytes(), "16UC1", 2, 2, 4, is_bigendian=order == ">")
        assert depth_m.dtype == np.float32
        np.testing.assert_allclose(depth_m, [[np.nan, 0.001], [1.5, 65.535]], rtol=1e-6)


def test_depth_in_metres_keeps_only_what_is_a_distance():
    for order in "<>":
        rows = np.array([[0.5, np.nan, 7], [np.inf, -1, 7]], f"{order}f4")  # the 7s are padding
        depth_m = decode_depth(rows.tobytes(), "32FC1", 2, 2, 12, is_bigendian=order == ">")
        np.testing.assert_array_equal(depth_m, np.float32([[0.5, np.nan], [np.nan, np.nan]]))
        assert depth_m.flags.writeable


def test_a_colour_image_is_not_a_depth_image():
    with pytest.raises(UnsupportedEncoding, match="32FC1"):
        decode_depth(bytes(3), "rgb8", 1, 1, 3)
    with pytest.raises(MalformedImage, match="15 bytes"):
        decode_depth(bytes(15), "32FC1", 2, 2, 8)
