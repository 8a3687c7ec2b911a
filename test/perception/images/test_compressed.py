# SPDX-License-Identifier: Apache-2.0
"""Picture files are read when they are whole, and a mosaic gets its colours once."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tips_ros.perception.images.compressed import decode_compressed, decode_picture_file
from tips_ros.perception.images.rows import MalformedImage


def picture(height: int = 48, width: int = 64) -> np.ndarray:
    """(H, W, 3) RGB with something in every corner."""
    v, u = np.mgrid[:height, :width]
    noise = np.random.default_rng(1).integers(0, 40, (height, width, 3))
    planes = [u * 200 // width, v * 200 // height, (u + v) % 32 * 5]
    return (np.stack(planes, axis=-1) + noise).astype(np.uint8)


def jpeg(rgb: np.ndarray, *options: int) -> bytes:
    pixels = rgb[..., ::-1] if rgb.ndim == 3 else rgb
    return bytes(cv2.imencode(".jpg", pixels, list(options))[1])


def with_segment(data: bytes, marker: int, payload: bytes) -> bytes:
    """Puts a segment behind the start marker."""
    segment = bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload
    return data[:2] + segment + data[2:]


def without_segments(data: bytes, marker: int) -> bytes:
    at, kept = 2, data[:2]
    while data[at + 1] != 0xDA:
        size = int.from_bytes(data[at + 2 : at + 4], "big") + 2
        if data[at + 1] != marker:
            kept += data[at : at + size]
        at += size
    return kept + data[at:]


KINDS = {
    "plain": jpeg(picture()),
    "progressive": jpeg(picture(), cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "restarts": jpeg(picture(), cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
    "grey": jpeg(picture()[..., 0]),
    "without Huffman tables": without_segments(jpeg(picture()), 0xC4),
    "thumbnail": with_segment(jpeg(picture()), 0xE1, b"Exif\0\0" + jpeg(picture(24, 32))),
    "two thumbnails": with_segment(
        with_segment(jpeg(picture()), 0xE1, jpeg(picture(24, 32))), 0xE2, jpeg(picture(24, 32))
    ),
    "markers in a comment": with_segment(jpeg(picture()), 0xFE, b"\xff\xd9\xff\xda\xff"),
    "fill bytes": jpeg(picture())[:2] + b"\xff\xff\xff" + jpeg(picture())[2:],
    "padded": jpeg(picture()) + bytes(500),
    "followed by another": jpeg(picture()) + jpeg(picture(24, 32)),
}
ANY_KIND = pytest.mark.parametrize("kind", KINDS)


@ANY_KIND
def test_a_whole_jpeg_is_read(kind: str):
    assert decode_compressed(KINDS[kind], "jpeg").shape == (48, 64, 3)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in ("padded", "followed by another")]
)
def test_a_cut_jpeg_is_refused_whatever_is_inside(kind: str, share: float):
    # By the file's own markers: OpenCV 4 fills what is missing with grey.
    cut = KINDS[kind][: int(len(KINDS[kind]) * share)]
    with pytest.raises(MalformedImage, match="ends too early"):
        decode_compressed(cut, "jpeg")
    with pytest.raises(MalformedImage, match="ends too early"):
        decode_picture_file(cut)


def test_a_jpeg_without_a_picture_is_refused():
    for data in (b"\xff\xd8\xff\xd9", with_segment(b"\xff\xd8\xff\xd9", 0xE1, jpeg(picture()))):
        with pytest.raises(MalformedImage, match="ends too early"):
            decode_compressed(data, "jpeg")


@pytest.mark.parametrize(
    "form",
    ["bayer_rggb8; jpeg compressed mono8", "bayer_rggb16; jpeg compressed mono8",
     "bayer_gbrg8; png compressed mono8", "bayer_bggr8; jpeg compressed; mono8"],
)  # fmt: skip
def test_a_mosaic_that_the_transport_made_grey_stays_grey(form: str):
    grey = picture()[..., 0]
    data = bytes(cv2.imencode(".png", grey)[1])
    np.testing.assert_array_equal(decode_compressed(data, form), np.dstack([grey] * 3))


@pytest.mark.parametrize(
    "form", ["bayer_rggb8; png compressed ", "bayer_rggb8; png compressed", "bayer_rggb8",
             "bayer_rggb8; png compressed bayer_rggb8", "BAYER_RGGB8; png compressed "]
)  # fmt: skip
def test_a_mosaic_that_was_kept_gets_its_colours(form: str):
    mosaic = np.zeros((12, 12), np.uint8)
    mosaic[0::2, 0::2] = 200  # red alone
    rgb = decode_compressed(bytes(cv2.imencode(".png", mosaic)[1]), form)
    assert rgb[4, 4].tolist() == [200, 0, 0]


@pytest.mark.parametrize(
    "form", ["bayer_rggb8; jpeg compressed bgr8", "bayer_rggb8; jpeg compressed rgb8",
             "bayer_rggb8; jpeg compressed ", "bayer_rggb8"]
)  # fmt: skip
def test_a_colour_file_of_a_bayer_camera_has_its_colours_already(form: str):
    rgb = picture()
    data = bytes(cv2.imencode(".png", rgb[..., ::-1])[1])
    np.testing.assert_array_equal(decode_compressed(data, form), rgb)


class TestFloatingSamples:
    @staticmethod
    def tiff(pixels: np.ndarray) -> bytes:
        uncompressed = [cv2.IMWRITE_TIFF_COMPRESSION, 1]
        return bytes(cv2.imencode(".tiff", pixels.astype(np.float32), uncompressed)[1])

    def test_from_0_to_1_are_a_picture(self):
        rgb = picture()
        np.testing.assert_array_equal(
            decode_compressed(self.tiff(rgb[..., ::-1] / np.float32(255)), ""), rgb
        )

    def test_of_another_range_are_refused(self):
        with pytest.raises(MalformedImage, match="save it with 8 or 16 bits"):
            decode_compressed(self.tiff(picture().astype(np.float32)), "")
