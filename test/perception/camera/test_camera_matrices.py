# SPDX-License-Identifier: Apache-2.0
"""Matrices that aren't needed aren't required, others must be this camera's; real cameras pass."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import UncalibratedCamera
from tips_ros.perception.camera.camera_reading import CameraReading, read_camera_info

from .test_camera_info import FULL, camera_info

NAN = math.nan
BENT = [-0.3, 0.1, 0.0, 0.0, 0.0]
TURNED = cv2.Rodrigues(np.array([0.0, 0.1, 0.0]))[0].ravel()
UNUSABLE = {
    "zeros": [0.0] * 12,
    "absent": [],
    "not numbers": [NAN] * 12,
    "infinite": [math.inf] * 12,
    "the identity": np.eye(3, 4).ravel(),
    "ones": [1.0] * 12,
}


def k_of(fx: float, fy: float, cx: float, cy: float) -> list[float]:
    return [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]


def p_of(fx: float, fy: float, cx: float, cy: float, tx: float = 0.0) -> list[float]:
    return [fx, 0.0, cx, tx, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]


def read(rectified: bool = False, **changes: Any) -> CameraReading:
    return read_camera_info(camera_info(**changes), rectified)


def refusal(rectified: bool = False, **changes: Any) -> UncalibratedCamera:
    with pytest.raises(UncalibratedCamera) as caught:
        read(rectified, **changes)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("p", UNUSABLE)
@pytest.mark.parametrize("r", ["zeros", "absent", "not numbers", "ones"])
def test_a_raw_image_needs_neither_p_nor_r(p: str, r: str):
    reading = read(d=BENT, p=UNUSABLE[p], r=UNUSABLE[r][:9])
    assert reading.intrinsics == FULL
    fields = reading.scaled_fields(1280, 960)
    # As if rectified to K: a P that depth_image_proc can use, and one that belongs to K, D and R.
    assert fields.p == pytest.approx(p_of(FULL.fx, FULL.fy, FULL.cx, FULL.cy))
    assert fields.r == np.eye(3).ravel().tolist()
    assert fields.k == pytest.approx(FULL.matrix().ravel()) and fields.d == BENT


@pytest.mark.parametrize("k", UNUSABLE)
@pytest.mark.parametrize("d", [BENT, [NAN] * 5, []])
def test_a_rectified_image_needs_neither_k_nor_d(k: str, d: list[float]):
    reading = read(True, k=UNUSABLE[k][:9], d=d, p=p_of(500.0, 501.0, 640.0, 480.0, -50.0))
    intrinsics = reading.intrinsics
    assert (intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy) == (500, 501, 640, 480)
    fields = reading.scaled_fields(640, 480)
    assert fields.p[3] == -25.0
    assert np.isfinite([*fields.k, *fields.d, *fields.r, *fields.p]).all()


def test_an_r_that_is_a_rotation_goes_with_p():
    assert read(r=TURNED).scaled_fields(1280, 960).r == pytest.approx(TURNED)


def test_an_r_without_a_p_leads_nowhere_and_is_not_told():
    """Rectified by R to K would be another picture than rectified to K alone."""
    assert read(d=BENT, r=TURNED, p=[0.0] * 12).scaled_fields(640, 480).r == [
        1,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        1,
    ]


@pytest.mark.parametrize("r", [np.eye(3).ravel(), np.zeros(9)])
def test_without_distortion_p_stands_in_for_a_k_of_zeros(r: np.ndarray):
    assert read(k=[0.0] * 9, r=r).intrinsics == FULL


@pytest.mark.parametrize("changes", [{"d": BENT}, {"r": TURNED}, {"p": [0.0] * 12}])
def test_a_k_of_zeros_without_a_stand_in_is_refused(changes: dict[str, Any]):
    error = refusal(k=[0.0] * 9, **changes)
    assert error.fault == "absent" and "CameraInfo.k is all zeros" in str(error)


@pytest.mark.parametrize("changes", [{"d": BENT}, {"r": TURNED}, {"k": [0.0] * 9}])
def test_a_p_of_zeros_without_a_stand_in_is_refused(changes: dict[str, Any]):
    assert refusal(True, p=[0.0] * 12, **changes).fault == "absent"


def test_what_is_not_read_of_k_may_be_anything():
    k = FULL.matrix().ravel()
    k[[1, 3, 6, 7]] = NAN
    k[8] = 0.0
    assert read(k=k).intrinsics == FULL
    assert np.isfinite(read(k=k).scaled_fields(640, 480).k).all()


def test_a_matrix_of_another_homogeneous_scale_is_the_same_camera():
    assert read(k=2.0 * FULL.matrix().ravel()).intrinsics == FULL


@pytest.mark.parametrize("changes", [
    {"k": [0.0, 0.0, 7.5, 0.0, 20.0, 5.5, 0.0, 0.0, 1e-320]},
    {"k": [20.0, 1e308, 7.5, 0.0, 20.0, 5.5, 0.0, 0.0, 1.0]},
    {"k": [1e308, 0.0, 7.5, 0.0, 1e308, 5.5, 0.0, 0.0, 1.0]},
])  # fmt: skip
def test_numbers_whose_products_are_none_are_refused(changes: dict[str, Any]):
    assert refusal(**changes).fault == "numbers"


@pytest.mark.parametrize("size", [1e308, -1e200, 1e-320])
def test_an_r_whose_square_is_no_number_is_no_rotation(size: float):
    r = [size, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    assert np.array_equal(read(r=r).matrices.r, np.eye(3))


# The picture is 1280x960.
IMPOSSIBLE = {
    "identity": ((1.0, 1.0, 0.0, 0.0), "angle of view"),
    "ones": ((1.0, 1.0, 1.0, 1.0), "angle of view"),
    "one pixel of focal length": ((1.0, 1.0, 639.5, 479.5), "angle of view"),
    "a share of the width": ((0.8, 1.1, 0.5, 0.5), "angle of view"),
    "millimetres": ((8.0, 8.0, 639.5, 479.5), "angle of view"),
    "175 degrees": ((28.0, 28.0, 639.5, 479.5), "angle of view"),
    "175 degrees high": ((60.0, 20.0, 639.5, 479.5), "angle of view"),
    "micrometres": ((3.6e6, 3.6e6, 639.5, 479.5), "angle of view"),
    "ten times as oblong": ((6000.0, 600.0, 639.5, 479.5), "focal length"),
    "four times as upright": ((300.0, 1200.0, 639.5, 479.5), "focal length"),
    "negative": ((-600.0, 600.0, 639.5, 479.5), "focal length"),
    "no fy": ((600.0, 0.0, 639.5, 479.5), "focal length"),
    "right of the picture": ((600.0, 600.0, 1281.0, 479.5), "principal point"),
    "left of it": ((600.0, 600.0, -1.0, 479.5), "principal point"),
    "above it": ((600.0, 600.0, 639.5, -300.0), "principal point"),
    "below it": ((600.0, 600.0, 639.5, 960.0), "principal point"),
    "three times the resolution": ((3600.0, 3600.0, 1919.5, 1439.5), "principal point"),
    "twice the resolution": ((1200.0, 1200.0, 1279.5, 959.5), "resolution"),
    "two thirds of it": ((400.0, 400.0, 423.0, 325.0), "resolution"),
    "half of it": ((300.0, 300.0, 322.0, 236.0), "resolution"),
    "a quarter of it": ((150.0, 150.0, 158.0, 121.0), "resolution"),
    "no principal point": ((600.0, 600.0, 0.0, 0.0), "resolution"),
    "NaN": ((NAN, 600.0, 639.5, 479.5), "numbers"),
    "infinite": ((600.0, 600.0, math.inf, 479.5), "numbers"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
@pytest.mark.parametrize("rectified", [False, True])
def test_numbers_that_can_not_be_this_camera_s_are_refused_with_the_reason(
    name: str, rectified: bool
):
    numbers, fault = IMPOSSIBLE[name]
    error = refusal(rectified, k=k_of(*numbers), p=p_of(*numbers))
    assert error.fault == fault
    assert ("CameraInfo.p" if rectified else "CameraInfo.k") in str(error)


def test_a_refusal_says_that_the_other_kind_of_image_is_calibrated():
    error = refusal(k=np.eye(3).ravel())
    assert "CameraInfo.p is plausible: if the images are rectified, say so" in str(error)
    assert "if the images are raw" in str(refusal(True, p=[1.0] * 12))


# (width, height), (fx, fy, cx, cy)
REAL = {
    "fisheye of 220 degrees, cropped": ((1280, 960), (327.0, 327.0, 652.0, 470.0)),
    "circular fisheye on a wide sensor": ((1920, 1080), (281.0, 281.0, 955.0, 548.0)),
    "fisheye of 280 degrees": ((1920, 1080), (221.0, 221.0, 955.0, 548.0)),
    "T265": ((848, 800), (286.2, 286.3, 425.5, 398.5)),
    "anamorphic, or binned along x alone": ((640, 960), (500.0, 1000.0, 322.0, 477.0)),
    "fields of an interlaced camera": ((720, 288), (800.0, 400.0, 361.0, 140.0)),
    "stretched from 21:9": ((640, 640), (300.0, 700.0, 320.0, 319.0)),
    "a telescope": ((4656, 3520), (1.06e6, 1.06e6, 2330.0, 1760.0)),
    "a lens that is mounted low": ((800, 600), (1454.0, 1458.9, 469.8, 180.4)),
    "aside to a corner, but of no other resolution": ((800, 600), (900.0, 900.0, 560.0, 180.0)),
    "the upper half, cut off": ((1280, 480), (610.0, 605.0, 655.0, 475.0)),
    "a wide and low strip": ((1242, 375), (721.5, 721.5, 609.6, 172.9)),
    "rectified to 160 degrees": ((1280, 960), (113.0, 113.0, 640.0, 480.0)),
    "a thermal camera of 80x60": ((80, 60), (75.0, 75.0, 39.5, 29.5)),
    "upright": ((480, 640), (525.0, 524.0, 241.0, 322.0)),
}


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("rectified", [False, True])
def test_real_cameras_pass(name: str, rectified: bool):
    (width, height), numbers = REAL[name]
    reading = read(rectified, width=width, height=height, k=k_of(*numbers), p=p_of(*numbers))
    k = reading.intrinsics
    assert (k.fx, k.fy, k.cx, k.cy) == pytest.approx(numbers)


def test_the_right_camera_of_a_stereo_pair_passes():
    assert read(True, p=p_of(610.0, 610.0, 655.0, 475.0, -73.2)).intrinsics.fx == 610.0


def test_a_stereo_pair_whose_cameras_look_aside_passes():
    """Turned by 50 degrees, so that z of the rectified frame lies beside the picture.

    The lens's own axis is still in it.
    """
    turn = cv2.Rodrigues(np.array([0.0, math.radians(50.0), 0.0]))[0]
    cx = 640.0 - 600.0 * math.tan(math.radians(50.0))
    p = p_of(600.0, 600.0, cx, 480.0, -70.0)
    assert cx < 0
    assert read(True, r=turn.ravel(), p=p).intrinsics.cx == pytest.approx(cx)
    assert refusal(True, p=p).fault == "principal point"
