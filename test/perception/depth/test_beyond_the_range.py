# SPDX-License-Identifier: Apache-2.0
"""Whoever takes metres takes "too far to tell" (+Inf) and "unknown" (NaN), and invents nothing.

Beyond the range is here the upper half of a wall with a ball before it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.cloud.cloud_cleaning import Cleaning, select_pixels
from tips_ros.perception.cloud.ply import save_ply
from tips_ros.perception.cloud.point_cloud import organised_cloud
from tips_ros.perception.cloud.point_cloud_filters import filter_cloud
from tips_ros.perception.depth.depth_scale import to_metres
from tips_ros.perception.depth.scale_choice import model_scale
from tips_ros.perception.map_pictures import depth_limit_m, depth_picture
from tips_ros.perception.overview.sheet import overview
from tips_ros.perception.regions.regions import regions

HEIGHT, WIDTH, WALL_M, BALL_M = 60, 80, 4.0, 2.0
CAMERA = Intrinsics.from_hfov(60, WIDTH, HEIGHT)
FAR = np.zeros((HEIGHT, WIDTH), np.bool_)
FAR[: HEIGHT // 2] = True
BALL = np.hypot(*(np.mgrid[:HEIGHT, :WIDTH] - np.array([30, 40])[:, None, None])) < 12
HOLE = (50, 10)


@pytest.fixture
def depth_m() -> np.ndarray:
    predicted = np.full((HEIGHT, WIDTH), WALL_M, np.float32)
    predicted[FAR], predicted[BALL] = 9.9, BALL_M
    predicted[HOLE] = np.nan
    return to_metres(predicted, model_scale(), 10.0)


def test_the_scene_has_all_three(depth_m: np.ndarray):
    assert np.isposinf(depth_m[FAR & ~BALL]).all() and np.isnan(depth_m[HOLE])
    assert np.isfinite(depth_m).sum() > 2000


def test_points_beyond_it_are_nan_and_no_file_has_them(depth_m: np.ndarray, tmp_path: Path):
    cloud = organised_cloud(depth_m, CAMERA)
    valid = np.isfinite(depth_m)
    for axis in "xyz":
        np.testing.assert_array_equal(np.isfinite(cloud[axis]), valid)
        assert not np.isinf(cloud[axis]).any()
    assert save_ply(tmp_path / "cloud.ply", cloud) == valid.sum()
    thinned = filter_cloud(cloud, voxel_m=0.05)
    assert thinned.size > 0 and np.isfinite(thinned["z"]).all()


def test_cleaning_keeps_no_such_pixel_and_all_of_the_ball(depth_m: np.ndarray):
    kept = select_pixels(depth_m, Cleaning(edge_jump=0.05), Lens(CAMERA))
    assert not kept[~np.isfinite(depth_m)].any()
    assert kept[BALL].all()


@pytest.mark.slow
def test_pictures_are_drawn_by_the_metres_that_are_known(depth_m: np.ndarray):
    assert depth_limit_m(depth_m) == WALL_M
    picture = depth_picture(depth_m)
    assert (picture[~np.isfinite(depth_m)] == 0).all() and (picture[BALL] > 0).any()
    rgb = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    cloud = organised_cloud(depth_m, CAMERA, rgb)
    assert overview(rgb, depth_m, cloud=cloud, width=960).shape[1] == 960


def test_a_found_thing_that_reaches_beyond_it_is_where_its_known_part_is(depth_m: np.ndarray):
    (found,) = regions(np.ones_like(BALL) & (BALL | FAR), depth_m=depth_m, intrinsics=CAMERA)
    assert found.median_depth_m == BALL_M
    assert found.centroid_m is not None and found.centroid_m[2] == pytest.approx(BALL_M)


def test_a_found_thing_wholly_beyond_it_has_no_place_in_space(depth_m: np.ndarray):
    (found,) = regions(FAR & ~BALL, depth_m=depth_m, intrinsics=CAMERA)
    assert found.pixels == (FAR & ~BALL).sum()
    assert found.median_depth_m is None and found.centroid_m is None and found.box is None


def test_nothing_known_at_all_is_no_error(tmp_path: Path):
    nothing = np.full((HEIGHT, WIDTH), np.inf, np.float32)
    cloud = organised_cloud(nothing, CAMERA)
    assert save_ply(tmp_path / "cloud.ply", cloud) == 0
    assert depth_limit_m(nothing) == 1.0
    assert (depth_picture(nothing) == 0).all()
    assert not select_pixels(nothing, Cleaning(edge_jump=0.05), Lens(CAMERA)).any()
    assert regions(FAR, depth_m=nothing, intrinsics=CAMERA)[0].median_depth_m is None
    assert overview(np.zeros((HEIGHT, WIDTH, 3), np.uint8), nothing, cloud=cloud).size
