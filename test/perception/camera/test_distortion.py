# SPDX-License-Identifier: Apache-2.0
"""Lenses as CameraInfo tells them, and what they do to rays, against OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tips_ros.perception.calibration.calibration import Calibration
from tips_ros.perception.camera.distortion import (
    NO_DISTORTION,
    BadDistortion,
    Distortion,
    ros_model_name,
)

from .test_camera_info import camera_info

PLUMB_BOB = [-0.28, 0.07, 1e-3, -5e-4, 0.0]
AZURE_KINECT = [0.52, -2.6, 8e-4, -3e-4, 1.5, 0.39, -2.4, 1.43]
THIN_PRISM = [-0.1, 0.02, 1e-3, -1e-3, 0.0, 0.01, 0.0, 0.0, 2e-3, -1e-3, 1e-3, 5e-4]
TILTED = [*THIN_PRISM, 0.02, -0.03]
FISHEYE = [-0.02, 0.003, -0.001, 2e-4]
LENSES = {
    "four": ("plumb_bob", PLUMB_BOB[:4]),
    "plumb_bob": ("plumb_bob", PLUMB_BOB),
    "rational": ("rational_polynomial", AZURE_KINECT),
    "thin prism": ("rational_polynomial", THIN_PRISM),
    "tilted": ("rational_polynomial", TILTED),
    "fisheye": ("equidistant", FISHEYE),
}


def lens(model: str, d: list[float], rectified: bool = False) -> Distortion:
    k = [100.0, 0.0, 50.0, 0.0, 100.0, 40.0, 0.0, 0.0, 1.0]
    info = Calibration(101, 81, model, d, k, [0.0] * 9, [0.0] * 12)
    return Distortion.from_camera_info(info, rectified)


def by_opencv(rays: np.ndarray, model: str, d: list[float]) -> np.ndarray:
    points = np.column_stack([rays, np.ones(len(rays))])
    project = cv2.fisheye.projectPoints if model == "equidistant" else cv2.projectPoints
    pixels, _ = project(points[None], np.zeros(3), np.zeros(3), np.eye(3), np.array(d))
    return pixels.reshape(-1, 2)


def rays_in_view() -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.6, 0.6, (500, 2))


@pytest.mark.parametrize("name", LENSES)
def test_rays_fall_where_opencv_says(name: str):
    model, d = LENSES[name]
    np.testing.assert_allclose(
        lens(model, d).distort(rays_in_view()), by_opencv(rays_in_view(), model, d), atol=1e-12
    )


@pytest.mark.parametrize("name", LENSES)
def test_the_ray_of_a_place_falls_on_that_place(name: str):
    model, d = LENSES[name]
    rays = lens(model, d).undistort(by_opencv(rays_in_view(), model, d))
    np.testing.assert_allclose(rays, rays_in_view(), atol=1e-8)


def test_the_centre_of_a_lens_is_a_place_like_any_other():
    for name in LENSES:
        assert np.isfinite(lens(*LENSES[name]).undistort(np.zeros((1, 2)))).all(), name


@pytest.mark.parametrize("k1", [-0.3, -0.1, 0.4])
def test_beyond_the_fold_there_is_no_ray_and_no_place(k1: float):
    """x (1 + k1 x²) grows up to x = sqrt(-1 / (3 k1)), and from there on falls back."""
    barrel = lens("plumb_bob", [k1, 0.0, 0.0, 0.0])
    x = np.linspace(0.0, 3.0, 301)
    rays = np.column_stack([x, np.zeros_like(x)])
    fold = np.sqrt(-1 / (3 * k1)) if k1 < 0 else np.inf
    places = barrel.distort(rays)
    np.testing.assert_array_equal(np.isfinite(places[:, 0]), x < fold)
    seen = np.isfinite(places[:, 0]) & (x < 0.99 * fold)
    np.testing.assert_allclose(barrel.undistort(places[seen]), rays[seen], atol=1e-7)
    if k1 < 0:
        farthest = fold * (1 + k1 * fold**2)
        beyond = np.array([[1.001 * farthest, 0.0], [0.8 * farthest, 0.8 * farthest], [9.0, 9.0]])
        assert np.isnan(barrel.undistort(beyond)).all()


def test_a_rational_lens_has_no_rays_beyond_its_pole():
    """The denominator 1 - r² vanishes at r = 1; beyond, the formula says nonsense, fluently."""
    pole = lens("rational_polynomial", [0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0])
    assert np.isnan(pole.distort(np.array([[1.5, 0.0], [0.0, -7.0]]))).all()
    rays = np.array([[0.9, 0.0], [-0.3, 0.4]])
    np.testing.assert_allclose(pole.undistort(pole.distort(rays)), rays, atol=1e-9)


def test_a_fisheye_has_rays_up_to_a_right_angle():
    ideal = lens("equidistant", [0.0] * 4)
    angle = np.radians([0.0, 45.0, 89.0, 90.0, 100.0])
    rays = ideal.undistort(np.column_stack([angle, np.zeros(5)]))
    np.testing.assert_allclose(rays[:3, 0], np.tan(angle[:3]), rtol=1e-9)
    assert np.isnan(rays[3:]).all()


def test_what_is_not_a_number_stays_that_alone():
    for name in LENSES:
        some = np.array([[0.1, 0.1], [np.nan, 0.0], [0.0, np.inf], [-0.1, 0.2]])
        finite = np.isfinite(lens(*LENSES[name]).undistort(some)).all(axis=1)
        np.testing.assert_array_equal(finite, [True, False, False, True], err_msg=name)


@pytest.mark.parametrize(
    ("model", "d"), [("plumb_bob", []), ("", []), ("plumb_bob", [0.0] * 5), ("made_up", [0.0] * 9)]
)
def test_zeros_are_no_distortion_whatever_they_are_called(model: str, d: list[float]):
    assert lens(model, d) == NO_DISTORTION


@pytest.mark.parametrize(
    ("d", "named"),
    [
        (PLUMB_BOB[:4], "plumb_bob"),
        (PLUMB_BOB, "plumb_bob"),
        (AZURE_KINECT, "rational_polynomial"),
        (THIN_PRISM, "rational_polynomial"),
        (TILTED, "rational_polynomial"),
    ],
)
@pytest.mark.parametrize("blank", ["", "  "])
def test_a_lens_without_a_name_is_what_its_number_of_coefficients_says(
    d: list[float], named: str, blank: str
):
    assert lens(blank, d) == lens(named, d)
    assert ros_model_name(blank, d) == named


@pytest.mark.parametrize(
    ("alias", "name", "d"),
    [
        ("PLUMB_BOB", "plumb_bob", PLUMB_BOB),
        ("Brown Conrady", "plumb_bob", PLUMB_BOB),
        ("radtan", "plumb_bob", PLUMB_BOB[:4]),
        ("radial-tangential", "plumb_bob", PLUMB_BOB[:4]),
        ("Rational Polynomial", "rational_polynomial", AZURE_KINECT),
        ("equi", "equidistant", FISHEYE),
        ("fisheye", "equidistant", FISHEYE),
        ("KANNALA_BRANDT", "equidistant", FISHEYE),
        ("kannala_brandt4", "equidistant", FISHEYE),
    ],
)
def test_a_lens_has_the_names_that_tools_give_it(alias: str, name: str, d: list[float]):
    assert lens(alias, d) == lens(name, d)
    assert ros_model_name(alias, d) == name


@pytest.mark.parametrize("zeros", [1, 3, 10])
def test_a_vector_filled_up_with_zeros_is_understood(zeros: int):
    assert lens("plumb_bob", [*PLUMB_BOB, *[0.0] * zeros]) == lens("plumb_bob", PLUMB_BOB)


def test_the_zeros_of_a_fisheye_are_a_fisheye():
    assert lens("equidistant", [0.0] * 4).kind == "fisheye"


def test_a_rectified_image_has_no_distortion_left_even_if_the_vector_is_broken():
    assert lens("plumb_bob", [np.nan], rectified=True) == NO_DISTORTION


def test_a_fisheye_vector_filled_up_with_zeros_is_understood():
    assert lens("equidistant", [*FISHEYE, 0.0]) == lens("equidistant", FISHEYE)


@pytest.mark.parametrize(
    ("model", "d"), [("plumb_bob", [0.0, np.nan] * 5000), ("x" * 5000, [0.1] * 5)]
)
def test_what_has_no_end_is_not_quoted_whole(model, d):
    """Found by `./run fuzz`: a refusal is a sentence, whatever a message holds."""
    with pytest.raises(BadDistortion) as caught:
        lens(model, d)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("model", "d", "message"),
    [
        ("plumb_bob", [0.1, 0.2, 0.3], "must hold 4, 5, 8, 12, 14 numbers, got 3"),
        ("rational_polynomial", [0.1] * 7, "must hold 4, 5, 8, 12, 14 numbers, got 7"),
        ("equidistant", [0.1] * 3, "must hold 4 numbers, got 3"),
        ("equidistant", [], "must hold 4 numbers, got 0"),
        ("equidistant", [0.1] * 5, "must hold 4 numbers, got 5"),
        ("plumb_bob", [0.1, np.nan, 0.0, 0.0, 0.0], "must be finite"),
        ("equidistant", [0.1, np.inf, 0.0, 0.0], "must be finite"),
        ("division", [0.1, 0.0], "'division' is not known; use one of plumb_bob"),
        ("", [0.1, 0.2, 0.3], "must hold 4, 5, 8, 12, 14 numbers, got 3"),
        ("", [0.1] * 20, "must hold 4, 5, 8, 12, 14 numbers, got 20"),
        ("inverse_brown_conrady", [0.1] * 5, "'inverse_brown_conrady' is not known"),
        ("mei", [0.88], "'mei' is not known"),
    ],
)
def test_a_vector_that_means_nothing_says_so(model: str, d: list[float], message: str):
    with pytest.raises(BadDistortion, match=message):
        lens(model, d)


@pytest.mark.parametrize("d", [[0.0, 0.0, 0.0, 1e308], [1e200] * 8, [-1e10, 0.0, 0.0, 0.0, 0.0]])
def test_coefficients_whose_powers_are_no_numbers_are_refused(d: list[float]):
    with pytest.raises(ValueError, match="numbers that no lens has"):
        Distortion.from_camera_info(camera_info(d=d))
