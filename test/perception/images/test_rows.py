# SPDX-License-Identifier: Apache-2.0
"""A step that is wrong costs nothing where the data can be read in one way only."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from tips_ros.perception.images.decoder import ImageDecoder
from tips_ros.perception.images.encodings import (
    SUPPORTED_ENCODINGS,
    MalformedImage,
    decode_depth,
    decode_image,
)

from .plain_encoder import HEIGHT, WIDTH, a_picture, encoded_rows, packed_bytes

WRONG_STEPS = (0, 1, 4, WIDTH, 2 * WIDTH, 2**31)


def noise(encoding: str) -> tuple[bytes, int]:
    """An image's bytes without padding, and the step that is right."""
    data, step = packed_bytes(encoded_rows(a_picture(encoding), encoding))
    return np.random.default_rng(3).integers(0, 256, len(data), np.uint8).tobytes(), step


@pytest.mark.parametrize("step", WRONG_STEPS)
@pytest.mark.parametrize("encoding", SUPPORTED_ENCODINGS)
def test_a_wrong_step_is_passed_over_where_the_length_fits(encoding: str, step: int):
    data, right = noise(encoding)
    wanted = decode_image(data, encoding, HEIGHT, WIDTH, right)
    np.testing.assert_array_equal(decode_image(data, encoding, HEIGHT, WIDTH, step), wanted)


@pytest.mark.parametrize("encoding", ["rgb8", "mono16", "bayer_rggb8", "yuyv", "nv12", "nv24"])
def test_a_wrong_step_is_refused_where_the_length_does_not_fit(encoding: str):
    data, right = noise(encoding)
    for wrong in (data[:-1], data + b"\0" * 7):
        with pytest.raises(MalformedImage, match="step"):
            decode_image(wrong, encoding, HEIGHT, WIDTH, right - 1)


@pytest.mark.parametrize("encoding", ["nv12", "nv21"])
def test_planes_in_a_buffer_of_two_bytes_a_pixel_are_read(encoding: str):
    data, right = noise(encoding)
    wanted = decode_image(data, encoding, HEIGHT, WIDTH, right)
    spare = data + bytes(HEIGHT * WIDTH // 2)
    np.testing.assert_array_equal(decode_image(spare, encoding, HEIGHT, WIDTH, 2 * WIDTH), wanted)


@pytest.mark.parametrize("encoding", ["nv12", "nv21"])
def test_planes_that_are_really_padded_to_twice_their_width_keep_their_step(encoding: str):
    data, right = noise(encoding)
    wanted = decode_image(data, encoding, HEIGHT, WIDTH, right)
    rows = np.frombuffer(data, np.uint8).reshape(-1, WIDTH)
    padded = np.hstack([rows, np.full_like(rows, 0xEE)]).tobytes()
    np.testing.assert_array_equal(decode_image(padded, encoding, HEIGHT, WIDTH, 2 * WIDTH), wanted)


@pytest.mark.parametrize("encoding", ["rgb8", "mono16", "uyvy"])
def test_the_last_row_needs_no_padding(encoding: str):
    data, right = noise(encoding)
    rows = np.frombuffer(data, np.uint8).reshape(HEIGHT, -1)
    padded = np.hstack([rows, np.full((HEIGHT, 5), 0xEE, np.uint8)]).tobytes()[:-5]
    np.testing.assert_array_equal(
        decode_image(padded, encoding, HEIGHT, WIDTH, right + 5),
        decode_image(data, encoding, HEIGHT, WIDTH, right),
    )
    with pytest.raises(MalformedImage):
        decode_image(padded[:-1], encoding, HEIGHT, WIDTH, right + 5)


def test_a_depth_image_without_a_step_is_read():
    depth_m = np.linspace(1, 3, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
    found = decode_depth(depth_m.tobytes(), "32FC1", HEIGHT, WIDTH, 0)
    np.testing.assert_array_equal(found, depth_m)


@pytest.mark.parametrize("encoding", ["RGB8", "Mono16", "NV12", "8uc3", "BAYER_RGGB8"])
def test_the_case_of_an_encoding_does_not_matter(encoding: str):
    known = next(e for e in SUPPORTED_ENCODINGS if e.lower() == encoding.lower())
    data, right = noise(known)
    np.testing.assert_array_equal(
        decode_image(data, encoding, HEIGHT, WIDTH, right),
        decode_image(data, known, HEIGHT, WIDTH, right),
    )


def test_a_wrong_step_is_said_once_with_what_was_done(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    decoder = ImageDecoder("/unity/image")
    for _ in range(4):
        decoder.decode(
            SimpleNamespace(data=bytes(HEIGHT * WIDTH * 4), encoding="rgba8", height=HEIGHT,
                            width=WIDTH, step=4, is_bigendian=0)
        )  # fmt: skip
    (line,) = caplog.messages
    assert line.startswith("/unity/image: rgba8 image with a wrong step, 4")
    assert line.endswith("fix step in the driver")
