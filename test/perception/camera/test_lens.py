# SPDX-License-Identifier: Apache-2.0
"""A plane and a sphere through real lenses. The truth is found with OpenCV's projection alone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from tips_ros.perception.calibration.calibration import Calibration
from tips_ros.perception.camera.camera_info import Intrinsics, UncalibratedCamera
from tips_ros.perception.camera.distortion import Distortion
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.cloud.point_cloud import organised_cloud, unproject

WIDTH, HEIGHT = 96, 72
K = [75.0, 0.0, 48.3, 0.0, 76.0, 35.2, 0.0, 0.0, 1.0]
WIDE = [48.0, 0.0, 48.3, 0.0, 48.5, 35.2, 0.0, 0.0, 1.0]
LENSES = {
    "none": ("plumb_bob", [0.0] * 5, K),
    "plumb_bob": ("plumb_bob", [-0.28, 0.07, 1e-3, -5e-4, 0.0], K),
    "rational": ("rational_polynomial", [0.52, -2.6, 8e-4, -3e-4, 1.5, 0.39, -2.4, 1.43], K),
    "tilted": (
        "rational_polynomial",
        [-0.1, 0.02, 1e-3, -1e-3, 0, 0.01, 0, 0, 2e-3, -1e-3, 1e-3, 5e-4, 0.02, -0.03],
        K,
    ),
    "fisheye": ("equidistant", [-0.02, 0.003, -0.001, 2e-4], WIDE),
}
NORMAL = np.array([0.2, -0.3, 1.0]) / np.linalg.norm([0.2, -0.3, 1.0])
DISTANCE_M = 2.0
CENTRE, RADIUS_M = np.array([0.1, -0.05, 2.0]), 0.6


@dataclass(frozen=True)
class Region:
    x_offset: int = 0
    y_offset: int = 0
    width: int = 0
    height: int = 0


def info(name: str, roi: Region | None = None, binning: int = 0) -> Calibration:
    model, d, k = LENSES[name]
    roi = roi or Region()
    blank = [0.0] * 9
    return Calibration(WIDTH, HEIGHT, model, d, k, blank, [0.0] * 12, binning, binning, roi)


def seen_at(name: str, rays: np.ndarray) -> np.ndarray:
    """OpenCV's full-sensor pixels (N, 2) of rays (N, 2)."""
    model, d, k = LENSES[name]
    points = np.column_stack([rays, np.ones(len(rays))]).astype(np.float64)
    project = cv2.fisheye.projectPoints if model == "equidistant" else cv2.projectPoints
    matrix = np.reshape(k, (3, 3))
    pixels, _ = project(points[None], np.zeros(3), np.zeros(3), matrix, np.array(d, np.float64))
    return pixels.reshape(-1, 2)


def true_rays(name: str, pixels: np.ndarray) -> np.ndarray:
    """Rays of full-sensor pixels: corrects a guess by what it misses until it misses nothing."""
    focal = np.array([LENSES[name][2][0], LENSES[name][2][4]])
    rays = np.zeros_like(pixels)
    for _ in range(400):
        missed = pixels - seen_at(name, rays)
        if np.abs(missed).max() < 1e-6:
            return rays
        rays += 0.7 * missed / focal
    raise AssertionError("the truth was not found")


def plane_depth(rays: np.ndarray) -> np.ndarray:
    return DISTANCE_M / (np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1) @ NORMAL)


def sphere_depth(rays: np.ndarray) -> np.ndarray:
    """Depth along z of the near side; NaN beside it."""
    d = np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1)
    a, b = (d * d).sum(-1), d @ CENTRE
    with np.errstate(invalid="ignore"):
        return (b - np.sqrt(b * b - a * (CENTRE @ CENTRE - RADIUS_M**2))) / a


def grid(width: int, height: int) -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float64)


@pytest.mark.parametrize("name", LENSES)
def test_a_plane_and_a_sphere_are_where_they_are(name: str):
    """To a millimetre at two metres, over the whole picture."""
    lens = Lens.from_camera_info(info(name))
    rays = true_rays(name, grid(WIDTH, HEIGHT).reshape(-1, 2)).reshape(HEIGHT, WIDTH, 2)
    for depth in (plane_depth(rays), sphere_depth(rays)):
        found = unproject(depth.astype(np.float32), lens.intrinsics, lens.rays())
        truth = np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1) * depth[..., None]
        at_hand = np.isfinite(depth) & (depth > 0) & (depth < 4)
        assert at_hand.sum() > 500
        assert np.linalg.norm(found - truth, axis=-1)[at_hand].max() < 1e-3
    on_sphere = np.linalg.norm(found - CENTRE, axis=-1)
    np.testing.assert_allclose(on_sphere[np.isfinite(on_sphere)], RADIUS_M, atol=1e-3)


@pytest.mark.parametrize("name", LENSES)
@pytest.mark.parametrize("binning", [1, 2])
@pytest.mark.parametrize("roi", [Region(), Region(17, 9, 60, 48)], ids=["full", "region"])
@pytest.mark.parametrize(("scale", "stride"), [(1.0, 1), (0.5, 1), (1.0, 3), (0.5, 2)])
def test_rays_are_those_of_the_place_on_the_sensor(
    name: str, binning: int, roi: Region, scale: float, stride: int
):
    delivered = Lens.from_camera_info(info(name, roi, binning))
    width, height = delivered.intrinsics.width, delivered.intrinsics.height
    lens = delivered.scaled_to(round(width * scale), round(height * scale))
    rays = lens.strided(stride).rays()
    np.testing.assert_allclose(rays, lens.rays()[::stride, ::stride], atol=2e-7)
    pixels = grid(rays.shape[1], rays.shape[0]) * stride
    on_sensor = ((pixels + 0.5) / scale) * binning - 0.5 + (roi.x_offset, roi.y_offset)
    missed = seen_at(name, rays.reshape(-1, 2)) - on_sensor.reshape(-1, 2)
    assert np.abs(missed).max() < 0.01


@pytest.mark.parametrize("name", LENSES)
def test_projection_is_the_inverse(name: str):
    lens = Lens.from_camera_info(info(name))
    depth = np.random.default_rng(3).uniform(0.5, 5.0, (HEIGHT, WIDTH)).astype(np.float32)
    points = unproject(depth, lens.intrinsics, lens.rays()).reshape(-1, 3)
    np.testing.assert_allclose(lens.project(points), grid(WIDTH, HEIGHT).reshape(-1, 2), atol=1e-3)


def test_an_undistorted_lens_is_the_pinhole():
    lens = Lens.from_camera_info(info("none"))
    assert lens.is_pinhole
    depth = np.full((HEIGHT, WIDTH), 2.0, np.float32)
    np.testing.assert_allclose(
        unproject(depth, lens.intrinsics, lens.rays()), unproject(depth, lens.intrinsics), atol=1e-6
    )


def test_the_cloud_of_every_third_pixel_has_their_rays():
    lens = Lens.from_camera_info(info("plumb_bob"))
    depth = plane_depth(lens.rays().astype(np.float64)).astype(np.float32)
    full = organised_cloud(depth, lens.intrinsics, rays=lens.rays())
    strided = organised_cloud(depth, lens.intrinsics, rays=lens.rays(), stride=3)
    for name in "xyz":
        np.testing.assert_array_equal(strided[name], full[name][::3, ::3])


def barrel() -> Lens:
    """A lens whose polynomial folds back inside its own picture."""
    distortion = Distortion("brown", (-0.5, *[0.0] * 13))
    return Lens(Intrinsics(30.0, 30.0, 47.5, 35.5, WIDTH, HEIGHT), distortion)


def test_pixels_that_no_ray_falls_on_have_no_point():
    lens = barrel()
    rays = lens.rays()
    lost = np.isnan(rays[..., 0])
    np.testing.assert_array_equal(lost, np.isnan(rays[..., 1]))
    # x (1 - x² / 2) grows up to x = 0.816, where it is 0.544: 16.3 px from the centre.
    distance = np.hypot(*(grid(WIDTH, HEIGHT) - (47.5, 35.5)).transpose(2, 0, 1))
    np.testing.assert_array_equal(lost, distance > 30 * np.sqrt(2 / 3) * 2 / 3)
    points = unproject(np.ones((HEIGHT, WIDTH), np.float32), lens.intrinsics, rays)
    np.testing.assert_array_equal(np.isnan(points).all(axis=-1), lost)
    cloud = organised_cloud(np.ones((HEIGHT, WIDTH), np.float32), lens.intrinsics, rays=rays)
    for name in "xyz":
        np.testing.assert_array_equal(np.isnan(cloud[name]), lost)


def test_a_point_beyond_the_fold_is_not_in_the_picture():
    beyond = np.array([[1.3, 0.0, 1.0]])
    assert 0 < 30 * 1.3 * (1 - 0.5 * 1.69) + 47.5 < WIDTH  # the formula alone puts it there
    assert np.isnan(barrel().project(beyond)).all()


def test_a_point_behind_the_camera_is_not_seen():
    points = np.array([[0.0, 0.0, -1.0], [0.1, 0.1, 0.0], [np.nan, 0.0, 1.0], [0.0, 0.0, np.inf]])
    for lens in (barrel(), Lens(barrel().intrinsics)):
        assert np.isnan(lens.project(points)).all()


def test_a_fisheye_that_sees_behind_itself_has_points_in_front_alone():
    lens = Lens(
        Intrinsics(20.0, 20.0, 47.5, 35.5, WIDTH, HEIGHT), Distortion("fisheye", (0.0,) * 4)
    )
    angle = np.hypot(*(grid(WIDTH, HEIGHT) - (47.5, 35.5)).transpose(2, 0, 1)) / 20.0
    np.testing.assert_array_equal(np.isnan(lens.rays()[..., 0]), angle >= np.pi / 2 - 1e-6)


def test_rays_are_computed_once_and_cannot_be_changed():
    lens = Lens.from_camera_info(info("rational"))
    rays = lens.rays()
    assert Lens.from_camera_info(info("rational")).rays() is rays
    with pytest.raises(ValueError, match="read-only"):
        rays[0, 0] = 0.0


def test_rays_of_another_size_are_refused():
    lens = Lens.from_camera_info(info("plumb_bob"))
    with pytest.raises(ValueError, match="scale the lens alike"):
        unproject(np.ones((HEIGHT, WIDTH)), lens.intrinsics, lens.scaled_to(48, 36).rays())


def test_a_broken_vector_is_a_camera_without_calibration():
    broken = Calibration(WIDTH, HEIGHT, "plumb_bob", [0.1], K, [0.0] * 9, [0.0] * 12)
    with pytest.raises(UncalibratedCamera, match="got 1; recalibrate"):
        Lens.from_camera_info(broken)
