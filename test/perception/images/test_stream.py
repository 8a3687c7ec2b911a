# SPDX-License-Identifier: Apache-2.0
"""16-bit samples are scaled by the bits that the whole stream uses, and never flicker."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from tips_ros.perception.images.compressed import decode_compressed
from tips_ros.perception.images.decoder import ImageDecoder, decode_message
from tips_ros.perception.images.encodings import decode_image
from tips_ros.perception.images.stream import DEPTHS, ImageStream

HEIGHT, WIDTH = 6, 10
ENCODINGS = ("mono16", "16UC1", "rgb16", "bgr16", "rgba16", "bgra16", "bayer_rggb16")


def samples(largest: int, channels: int = 1) -> np.ndarray:
    """(H, W, C) from 0 to `largest`."""
    ramp = np.linspace(0, largest, HEIGHT * WIDTH * channels).round().astype(np.uint16)
    return ramp.reshape(HEIGHT, WIDTH, channels)


def message(pixels: np.ndarray, encoding: str = "mono16", order: str = "<") -> SimpleNamespace:
    data = pixels.astype(f"{order}u2").tobytes()
    return SimpleNamespace(
        data=data, encoding=encoding, height=HEIGHT, width=WIDTH, step=len(data) // HEIGHT,
        is_bigendian=order == ">",
    )  # fmt: skip


@pytest.mark.parametrize("bits", DEPTHS)
def test_the_largest_number_of_each_depth_is_white_and_all_others_are_rounded(bits: int):
    full = (1 << bits) - 1
    levels = np.linspace(0, full, HEIGHT * WIDTH).round().astype(np.uint16)
    found = decode_message(message(levels.reshape(HEIGHT, WIDTH)))[..., 1].ravel()
    np.testing.assert_array_equal(found, np.rint(levels * (255 / full)))
    assert found.max() == 255


@pytest.mark.parametrize(("largest", "bits"), [(255, 8), (256, 10), (1023, 10), (1024, 12),
                                               (4096, 14), (16383, 14), (16384, 16)])  # fmt: skip
def test_the_depth_is_the_next_one_that_cameras_have(largest: int, bits: int):
    stream = ImageStream()
    stream.to_8_bits(samples(largest), "mono16")
    assert stream.bits == bits


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_ten_bits_are_no_black_picture_in_any_encoding(encoding: str, order: str):
    channels = {"rgb": 3, "bgr": 3, "rgba": 4, "bgra": 4}.get(encoding.removesuffix("16"), 1)
    rgb = decode_message(message(samples(1023, channels), encoding, order))
    assert rgb.shape == (HEIGHT, WIDTH, 3) and rgb.max() > 200


@pytest.mark.parametrize("encoding", ["rgba16", "bgra16"])
def test_an_opaque_alpha_says_nothing_of_the_depth(encoding: str):
    pixels = samples(1000, 4)
    pixels[..., 3] = 65535
    assert decode_message(message(pixels, encoding)).max() > 240


def test_a_live_camera_keeps_its_brightness_when_the_scene_gets_darker():
    decoder = ImageDecoder(None)
    first = decoder.decode(message(samples(1000)))
    for largest in (1000, 200, 3, 0, 1000):
        found = decoder.decode(message(np.minimum(samples(1000), largest)))
        np.testing.assert_array_equal(found, np.minimum(first, round(largest * 255 / 1023)))


def test_a_stream_that_begins_in_the_dark_settles_and_stays():
    decoder = ImageDecoder(None)
    brightness = [
        decoder.decode(message(np.full((HEIGHT, WIDTH), level)))[0, 0, 0]
        for level in (100, 700, 3000, 100, 700, 3000, 100)
    ]
    assert brightness == [100, 174, 187, 6, 44, 187, 6]


def test_streams_know_nothing_of_one_another():
    bright, dark = ImageDecoder(None), ImageDecoder(None)
    bright.decode(message(samples(65535)))
    assert dark.decode(message(samples(1023))).max() == 255
    assert bright.decode(message(samples(1023))).max() == 4
    assert decode_message(message(samples(1023))).max() == 255


def test_compressed_samples_are_scaled_alike():
    grey = samples(1023)[..., 0]
    png = cv2.imencode(".png", grey)[1].tobytes()
    wanted = decode_message(message(grey))
    for form in ("mono16; png compressed ", "16UC1; png compressed ", "png", ""):
        np.testing.assert_array_equal(decode_compressed(png, form), wanted)
    colour = cv2.imencode(".png", samples(4095, 3))[1].tobytes()
    assert decode_compressed(colour, "bgr16; png compressed bgr16").max() == 255
    mosaic = decode_compressed(png, "bayer_rggb16; png compressed ")
    raw = decode_image(grey.tobytes(), "bayer_rggb16", HEIGHT, WIDTH, 2 * WIDTH)
    np.testing.assert_array_equal(mosaic, raw)


def test_a_compressed_stream_keeps_its_brightness_too():
    decoder = ImageDecoder(None)
    for largest, white in ((1023, 255), (255, 64), (511, 127)):
        png = cv2.imencode(".png", samples(largest)[..., 0])[1].tobytes()
        frame = SimpleNamespace(data=png, format="mono16; png compressed ")
        assert decoder.decode(frame).max() == white


class TestTheLog:
    @pytest.fixture(autouse=True)
    def _all_of_it(self, caplog: pytest.LogCaptureFixture):
        caplog.set_level(logging.INFO)

    def test_says_once_how_many_bits_were_taken(self, caplog: pytest.LogCaptureFixture):
        decoder = ImageDecoder("/infrared/image")
        for _ in range(5):
            decoder.decode(message(samples(1000)))
        (line,) = caplog.messages
        assert line == "/infrared/image: mono16 samples reach 1000: taken as 10 bits"

    def test_says_each_time_that_there_are_more(self, caplog: pytest.LogCaptureFixture):
        decoder = ImageDecoder("/camera")
        for largest in (1000, 900, 4000, 100, 60000, 60000):
            decoder.decode(message(samples(largest)))
        told = [line.rpartition("taken as ")[2] for line in caplog.messages]
        assert told == ["10 bits", "12 bits", "16 bits"]

    def test_has_nothing_to_say_of_full_or_8_bit_samples(self, caplog: pytest.LogCaptureFixture):
        decoder = ImageDecoder("/camera")
        decoder.decode(message(samples(65000)))
        decoder.decode(SimpleNamespace(data=bytes(60), encoding="mono8", height=HEIGHT, width=WIDTH,
                                       step=WIDTH, is_bigendian=0))  # fmt: skip
        assert not caplog.messages

    def test_warns_once_of_a_band_far_above_black(self, caplog: pytest.LogCaptureFixture):
        decoder = ImageDecoder("/thermal")
        for _ in range(3):
            decoder.decode(message(7000 + samples(1020)))
        warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
        (warning,) = warnings
        assert "between 7000 and 8020" in warning and "AGC" in warning

    @pytest.mark.parametrize("level", [0, 5, 250, 1023, 3840, 65535])
    def test_has_no_advice_for_a_dark_or_overexposed_picture(
        self, level: int, caplog: pytest.LogCaptureFixture
    ):
        ImageDecoder("/camera").decode(message(np.full((HEIGHT, WIDTH), level)))
        assert not [r for r in caplog.records if r.levelno == logging.WARNING]

    def test_is_silent_about_a_message_on_its_own(self, caplog: pytest.LogCaptureFixture):
        decode_message(message(samples(1000)))
        assert not caplog.messages
