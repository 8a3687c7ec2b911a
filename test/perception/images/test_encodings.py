# SPDX-License-Identifier: Apache-2.0
"""Every encoding is written here by a plain numpy encoder, and must come back as it went in."""

from __future__ import annotations

import array
import struct
import zlib
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

HEIGHT, WIDTH = 6, 10
GREY = ("mono8", "8UC1", "mono16", "16UC1")
PACKED_CHANNELS = {
    "rgb8": "RGB", "bgr8": "BGR", "rgba8": "RGBA", "bgra8": "BGRA", "8UC3": "BGR", "8UC4": "BGRA",
    "rgb16": "RGB", "bgr16": "BGR", "rgba16": "RGBA", "bgra16": "BGRA",
}  # fmt: skip
BAYER = tuple(e for e in SUPPORTED_ENCODINGS if e.startswith("bayer_"))
YUV = ("uyvy", "yuv422", "yuyv", "yuv422_yuy2", "nv12", "nv21", "nv24")
SIXTEEN_BIT = tuple(e for e in SUPPORTED_ENCODINGS if e.endswith("16") or e == "16UC1")


def a_picture(encoding):
    """An RGB picture that survives the encoding: chroma is shared by 2x2 pixels, grey is grey."""
    rng = np.random.default_rng(7)
    if encoding in BAYER:
        return np.broadcast_to(np.uint8([200, 120, 30]), (HEIGHT, WIDTH, 3))
    if encoding in GREY:
        return np.repeat(rng.integers(0, 256, (HEIGHT, WIDTH, 1), dtype=np.uint8), 3, axis=2)
    if encoding in YUV:
        blocks = rng.integers(40, 200, (HEIGHT // 2, WIDTH // 2, 3), dtype=np.uint8)
        return blocks.repeat(2, axis=0).repeat(2, axis=1)
    return rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def bt601(rgb):
    """RGB to limited-range Y, U, V, straight from the standard's definition."""
    r, g, b = np.moveaxis(rgb.astype(float) / 255, -1, 0)
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    yuv = 16 + 219 * luma, 128 + 112 * (b - luma) / 0.886, 128 + 112 * (r - luma) / 0.701
    return [np.rint(plane).astype(np.uint8) for plane in yuv]


def encoded_rows(rgb, encoding):
    """The rows of samples as the encoding lays them out; (rows, samples)."""
    height, width, _ = rgb.shape
    if encoding in GREY:
        samples = rgb[..., 0]
    elif encoding in PACKED_CHANNELS:
        alpha = np.full((height, width), 17, np.uint8)
        planes = {"R": rgb[..., 0], "G": rgb[..., 1], "B": rgb[..., 2], "A": alpha}
        samples = np.stack([planes[c] for c in PACKED_CHANNELS[encoding]], axis=-1)
    elif encoding in BAYER:
        samples = np.empty((height, width), np.uint8)
        for i, colour in enumerate(encoding[6:10]):
            corner = np.s_[i // 2 :: 2, i % 2 :: 2]
            samples[corner] = rgb[corner][..., "rgb".index(colour)]
    else:
        return yuv_rows(rgb, encoding)
    if encoding in SIXTEEN_BIT:
        samples = samples.astype(np.uint16) * 257
    return samples.reshape(height, -1)


def yuv_rows(rgb, encoding):
    height, width, _ = rgb.shape
    y, u, v = bt601(rgb)
    if encoding in ("uyvy", "yuv422", "yuyv", "yuv422_yuy2"):
        quads = [u[:, ::2], y[:, ::2], v[:, ::2], y[:, 1::2]]
        if encoding.startswith("yuy") or encoding.endswith("yuy2"):
            quads = [quads[1], quads[0], quads[3], quads[2]]
        return np.stack(quads, axis=-1).reshape(height, -1)
    if encoding == "nv24":
        return np.vstack([y, np.stack([u, v], axis=-1).reshape(2 * height, width)])
    pair = [u[::2, ::2], v[::2, ::2]]
    if encoding == "nv21":
        pair.reverse()
    return np.vstack([y, np.stack(pair, axis=-1).reshape(height // 2, width)])


def packed_bytes(rows, padding=0, big_endian=False):
    """The rows as (bytes, step), with junk after each row and in the wanted byte order."""
    if rows.dtype.itemsize == 2:
        rows = rows.astype(">u2" if big_endian else "<u2")
    raw = np.ascontiguousarray(rows).view(np.uint8)
    junk = np.full((len(raw), padding), 0xEE, np.uint8)
    return np.hstack([raw, junk]).tobytes(), raw.shape[1] + padding


def assert_same(decoded, rgb, tolerance=0):
    assert decoded.dtype == np.uint8
    assert decoded.shape == rgb.shape
    np.testing.assert_allclose(decoded.astype(int), rgb.astype(int), atol=tolerance)


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
        rows = {
            "nv12": [y, grey[:1]], "nv21": [y, grey[:1]], "nv24": [y, grey, grey],
            "uyvy": [np.stack([grey, y], -1).reshape(2, 4)],
            "yuyv": [np.stack([y, grey], -1).reshape(2, 4)],
        }  # fmt: skip
        layout = {"yuv422": "uyvy", "yuv422_yuy2": "yuyv"}.get(encoding, encoding)
        data = np.vstack(rows[layout])
        decoded = decode_image(data.tobytes(), encoding, 2, 2, data.shape[1])
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
    # 2x1 pixels, palette red, blue; written by hand since OpenCV writes no palettes.
    def chunk(kind, body):
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 3, 0, 0, 0))
    palette = chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255]))
    pixels = chunk(b"IDAT", zlib.compress(b"\x00\x00\x01"))
    png = b"\x89PNG\r\n\x1a\n" + header + palette + pixels + chunk(b"IEND", b"")
    assert decode_compressed(png, "png").tolist() == [[[255, 0, 0], [0, 0, 255]]]


def test_an_orientation_tag_does_not_turn_the_picture():
    rgb = np.zeros((8, 24, 3), np.uint8)
    jpeg = cv2.imencode(".jpg", rgb)[1].tobytes()
    tiff = "49492a00 08000000 0100 1201 0300 01000000 0600 0000 00000000"  # orientation 6
    exif = b"Exif\x00\x00" + bytes.fromhex(tiff)
    tagged = jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]
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
        (b"\x89PNG\r\n\x1a\n", "png", "cannot be read"),
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
