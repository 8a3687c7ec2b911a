# SPDX-License-Identifier: Apache-2.0
"""Truth in PNG files: what comes back is what went in, as far as the unit goes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tips_ros.evaluation.datasets import truth_png


def png(pixels: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1])


@pytest.mark.parametrize("unit_m", [truth_png.MILLIMETRE, truth_png.QUARTER_MILLIMETRE])
def test_depth_comes_back_to_half_a_unit(frame, unit_m):
    depth_m = frame().depth_m
    back = truth_png.decode_depth_png(truth_png.encode_depth(depth_m, unit_m), unit_m)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(back), np.isnan(depth_m))
    np.testing.assert_allclose(back, depth_m, atol=0.5001 * unit_m, rtol=1e-6)


@pytest.mark.parametrize("depth_m", [np.nan, np.inf, -np.inf, 0.0, -1.0, 0.0001, 16.4, 1e9])
def test_depth_that_the_unit_cannot_say_is_invalid_and_not_another_depth(depth_m):
    depths = np.array([[depth_m, 16.0]], np.float32)
    unit_m = truth_png.QUARTER_MILLIMETRE
    back = truth_png.decode_depth_png(truth_png.encode_depth(depths, unit_m), unit_m)
    assert np.isnan(back[0, 0]) and back[0, 1] == 16.0


def test_normals_come_back_to_a_thousandth_of_a_degree_and_of_unit_length(frame):
    normals = frame().normals
    back = truth_png.decode_normals(truth_png.encode_normals(normals))
    np.testing.assert_array_equal(np.isnan(back), np.isnan(normals))
    np.testing.assert_allclose(back, normals, atol=4e-5)
    np.testing.assert_allclose(np.linalg.norm(back, axis=2)[2:], 1, atol=1e-6)


def test_in_8_bits_normals_come_back_to_half_a_degree(frame):
    normals = frame().normals
    data = truth_png.encode_normals(normals, 8)
    back = truth_png.decode_normals(data)
    assert len(data) < len(truth_png.encode_normals(normals))
    np.testing.assert_array_equal(np.isnan(back), np.isnan(normals))
    cosine = np.nansum(back * normals, axis=2)[np.isfinite(normals).all(axis=2)]
    assert np.degrees(np.arccos(cosine.clip(-1, 1))).max() < 0.5


def test_the_red_of_normals_is_x_the_green_y_and_the_blue_z():
    bgr = np.array([[[0, 128, 128], [128, 0, 128], [128, 128, 255], [0, 0, 0]]], np.uint8)
    z, y, x, unknown = truth_png.decode_normals(png(bgr))[0]
    np.testing.assert_allclose([z, y, x], [[0, 0, -1], [0, -1, 0], [1, 0, 0]], atol=0.006)
    assert np.isnan(unknown).all()


def test_labels_come_back(frame):
    labels = frame().labels
    np.testing.assert_array_equal(truth_png.decode_labels(truth_png.encode_labels(labels)), labels)


GREY8, GREY16 = np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint16)
RGB8 = np.zeros((2, 2, 3), np.uint8)


@pytest.mark.parametrize(
    ("decode", "pixels", "reason"),
    [
        (truth_png.decode_depth_png, GREY8, "16-bit grey PNG, but this is 8-bit with 1 channel"),
        (truth_png.decode_depth_png, RGB8, "8-bit with 3 channels"),
        (truth_png.decode_normals, GREY16, "RGB PNG, but this is 16-bit with 1 channel"),
        (truth_png.decode_labels, GREY16, "8-bit grey PNG of ids, but this is 16-bit"),
        (truth_png.decode_labels, RGB8, "8-bit with 3 channels"),
        (truth_png.decode_colours, GREY16, "16-bit"),
    ],
)
def test_a_picture_of_another_kind_is_refused(decode, pixels, reason):
    with pytest.raises(ValueError, match=reason):
        decode(png(pixels))


@pytest.mark.parametrize("data", [b"", b"\x89PNG and then nothing"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(ValueError, match="not a whole picture"):
        truth_png.decode_depth_png(data)
