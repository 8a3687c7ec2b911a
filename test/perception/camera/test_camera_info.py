# SPDX-License-Identifier: Apache-2.0
"""Intrinsics must follow the pixels: each rule is checked against projected points."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import (
    Intrinsics,
    UncalibratedCamera,
    has_distortion,
)
from tips_ros.perception.camera.camera_reading import read_camera_info

FULL = Intrinsics(610.0, 605.0, 655.5, 475.25, 1280, 960)


def camera_info(**changes: Any) -> SimpleNamespace:
    """A CameraInfo with the fields both message libraries have, calibrated like FULL."""
    fields: dict[str, Any] = {
        "width": 1280,
        "height": 960,
        "distortion_model": "plumb_bob",
        "d": [0.0] * 5,
        "k": FULL.matrix().ravel(),
        "r": np.eye(3).ravel(),
        "p": np.hstack([FULL.matrix(), np.zeros((3, 1))]).ravel(),
        "binning_x": 0,
        "binning_y": 0,
        "roi": SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0),
    }
    return SimpleNamespace(**(fields | changes))


def intrinsics_of(info: Any, rectified: bool = False) -> Intrinsics:
    return read_camera_info(info, rectified).intrinsics


def roi(x_offset: int, y_offset: int, width: int, height: int) -> SimpleNamespace:
    return SimpleNamespace(x_offset=x_offset, y_offset=y_offset, width=width, height=height)


def project(points: np.ndarray, intrinsics: Intrinsics) -> np.ndarray:
    """Pixel coordinates (N, 2) of optical-frame points (N, 3)."""
    homogeneous = points @ intrinsics.matrix().T
    return homogeneous[:, :2] / homogeneous[:, 2:]


def some_points() -> np.ndarray:
    points = np.random.default_rng(3).uniform(-1, 1, (200, 3))
    points[:, 2] += 3
    return points


def test_an_uncropped_camera_info_is_read_as_it_is():
    assert intrinsics_of(camera_info()) == FULL


@pytest.mark.parametrize("binning", [1, 2, 4])
def test_region_of_interest_and_binning_agree_with_the_pixels_a_sensor_combines(binning: int):
    """Light that falls on full pixel u is read out of the binned pixel that contains u."""
    info = camera_info(roi=roi(200, 120, 800, 640), binning_x=binning, binning_y=binning)
    delivered = intrinsics_of(info)
    assert (delivered.width, delivered.height) == (800 // binning, 640 // binning)
    full = project(some_points(), FULL)
    # A pixel covers centre +-0.5, so its outer edges are what cropping and combining act on.
    edges = (full + 0.5 - np.array([200, 120])) / binning
    np.testing.assert_allclose(project(some_points(), delivered), edges - 0.5, atol=1e-9)


def test_a_binned_picture_shows_a_point_where_the_intrinsics_say():
    """A bright 2x2 block of the full image is one pixel of the binned one."""
    full = np.zeros((960, 1280))
    full[300:302, 500:502] = 1.0
    binned = full.reshape(480, 2, 640, 2).mean(axis=(1, 3))
    row, column = np.argwhere(binned == 1.0)[0]
    ray = np.linalg.solve(FULL.matrix(), [500.5, 300.5, 1.0])  # the block's centre
    delivered = intrinsics_of(camera_info(binning_x=2, binning_y=2))
    np.testing.assert_allclose(project(ray[None], delivered), [[column, row]], atol=1e-9)


def test_a_region_without_binning_only_moves_the_principal_point():
    cropped = intrinsics_of(camera_info(roi=roi(100, 50, 640, 480)))
    assert cropped == Intrinsics(FULL.fx, FULL.fy, FULL.cx - 100, FULL.cy - 50, 640, 480)


def test_binning_that_does_not_divide_the_size_drops_the_rest():
    odd = intrinsics_of(camera_info(width=1281, binning_x=2, binning_y=2))
    assert (odd.width, odd.height) == (640, 480)


def test_rectified_reads_p_and_raw_reads_k():
    rectified = dataclasses.replace(FULL, fx=500.0, fy=501.0, cx=640.0, cy=480.0)
    info = camera_info(p=np.hstack([rectified.matrix(), [[-50.0], [0], [0]]]).ravel())
    assert intrinsics_of(info, rectified=True) == rectified
    assert intrinsics_of(info) == FULL


def test_without_distortion_k_stands_in_for_an_empty_p():
    assert intrinsics_of(camera_info(p=[0.0] * 12), rectified=True) == FULL


def test_with_distortion_an_empty_p_is_refused():
    info = camera_info(p=[0.0] * 12, d=[0.1, 0, 0, 0, 0])
    with pytest.raises(UncalibratedCamera, match=r"CameraInfo\.p .* use the raw image"):
        intrinsics_of(info, rectified=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"k": [0.0] * 9, "p": [0.0] * 12},
        {"k": [math.nan] * 9},
        {"k": [-610.0, 0, 655, 0, 605, 475, 0, 0, 1]},
        {"k": [610.0, 0, 655, 0, 0, 475, 0, 0, 1]},
        {"k": [610.0, 0, 655]},
        {"width": 0, "height": 0},
        {"roi": roi(0, 0, 1, 1), "binning_x": 2, "binning_y": 2},
    ],
)
def test_a_nonsense_camera_info_is_refused_in_one_line(changes: dict[str, Any]):
    with pytest.raises(UncalibratedCamera, match="CameraInfo") as caught:
        intrinsics_of(camera_info(**changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "numbers",
    [
        (0.0, 1.0, 1.0, 1.0, 4, 4),
        (1.0, -1.0, 1.0, 1.0, 4, 4),
        (math.nan, 1.0, 1.0, 1.0, 4, 4),
        (1.0, 1.0, math.inf, 1.0, 4, 4),
        (1.0, 1.0, 1.0, 1.0, 0, 4),
    ],
)
def test_impossible_intrinsics_cannot_be_built(numbers: tuple[Any, ...]):
    with pytest.raises(ValueError):
        Intrinsics(*numbers)


def test_scaling_keeps_the_outer_edges_of_the_image_on_the_same_rays():
    half = FULL.scaled_to(320, 960)
    for edge, full_edge in ((-0.5, -0.5), (319.5, 1279.5)):
        assert (edge - half.cx) / half.fx == pytest.approx((full_edge - FULL.cx) / FULL.fx)
    assert (half.fy, half.cy) == (FULL.fy, FULL.cy)


def test_scaling_there_and_back_changes_nothing():
    back = FULL.scaled_to(448, 448).scaled_to(1280, 960)
    np.testing.assert_allclose(back.matrix(), FULL.matrix(), rtol=1e-12)


@pytest.mark.parametrize("stride", [1, 2, 3, 7])
def test_a_strided_pixel_keeps_its_ray(stride: int):
    strided = FULL.strided(stride)
    columns = np.arange(FULL.width)[::stride]
    assert strided.width == columns.size
    assert strided.height == np.arange(FULL.height)[::stride].size
    rays = (np.arange(strided.width) - strided.cx) / strided.fx
    np.testing.assert_allclose(rays, (columns - FULL.cx) / FULL.fx, atol=1e-12)


def test_the_field_of_view_survives_the_round_trip():
    camera = Intrinsics.from_hfov(90.0, 640, 480)
    assert camera.fx == camera.fy == pytest.approx(320.0)
    assert (camera.cx, camera.cy) == (319.5, 239.5)
    assert camera.hfov_deg == pytest.approx(90.0)
    assert camera.scaled_to(100, 100).hfov_deg == pytest.approx(90.0)


@pytest.mark.parametrize("hfov_deg", [0.0, 180.0, -5.0])
def test_an_impossible_field_of_view_is_refused(hfov_deg: float):
    with pytest.raises(ValueError, match="hfov_deg"):
        Intrinsics.from_hfov(hfov_deg, 640, 480)


def test_the_published_camera_info_matches_the_published_image():
    info = camera_info(roi=roi(200, 120, 800, 640), binning_x=2, binning_y=2)
    fields = read_camera_info(info).scaled_fields(200, 160)
    expected = intrinsics_of(info).scaled_to(200, 160)
    np.testing.assert_allclose(np.reshape(fields.k, (3, 3)), expected.matrix(), atol=1e-12)
    np.testing.assert_allclose(np.reshape(fields.p, (3, 4))[:, :3], expected.matrix(), atol=1e-12)
    assert (fields.width, fields.height) == (200, 160)
    assert len(fields.k) == 9 and len(fields.r) == 9 and len(fields.p) == 12


def test_the_stereo_baseline_survives_scaling():
    """P[3] is -fx * baseline, so it must shrink as fx does."""
    baseline_m = 0.12
    p = np.hstack([FULL.matrix(), [[-FULL.fx * baseline_m], [0], [0]]])
    fields = read_camera_info(camera_info(p=p.ravel())).scaled_fields(320, 240)
    assert -fields.p[3] / fields.p[0] == pytest.approx(baseline_m)
    assert fields.p[11] == 0.0


def test_distortion_and_rotation_are_carried_over():
    turned = [0.0, -1, 0, 1, 0, 0, 0, 0, 1]
    info = camera_info(d=[0.1, -0.2, 0, 0, 0.01], r=turned, distortion_model="rational_polynomial")
    fields = read_camera_info(info).scaled_fields(640, 480)
    assert fields.d == [0.1, -0.2, 0, 0, 0.01]
    assert fields.r == turned
    assert fields.distortion_model == "rational_polynomial"


def test_an_empty_rotation_is_published_as_no_rotation():
    fields = read_camera_info(camera_info(r=[0.0] * 9)).scaled_fields(640, 480)
    assert fields.r == np.eye(3).ravel().tolist()


def test_distortion_is_noticed_only_when_there_is_some():
    assert not has_distortion(camera_info())
    assert not has_distortion(camera_info(d=[]))
    assert has_distortion(camera_info(d=np.array([0, 0, 1e-4, 0, 0])))
