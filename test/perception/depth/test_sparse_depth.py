# SPDX-License-Identifier: Apache-2.0
"""Points of a scanner as the camera would measure them."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.distortion import Distortion
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.cloud.point_cloud import unproject
from tips_ros.perception.depth.sensor_scale import sensor_scale
from tips_ros.perception.depth.sparse_depth import sparse_depth

INTRINSICS = Intrinsics(50.0, 51.0, 31.0, 23.0, 64, 48)
FISHEYE = Lens(INTRINSICS, Distortion("fisheye", (-0.02, 0.003, 0.0, 0.0)))
PINHOLE = Lens(INTRINSICS)


@pytest.mark.parametrize("lens", [PINHOLE, FISHEYE], ids=["pinhole", "fisheye"])
def test_points_of_an_image_come_back_on_their_pixels(lens: Lens):
    rng = np.random.default_rng(0)
    depth = rng.uniform(1.0, 5.0, (48, 64)).astype(np.float32)
    points = unproject(depth, INTRINSICS, lens.rays()).reshape(-1, 3)
    np.testing.assert_allclose(sparse_depth(rng.permutation(points), lens), depth, rtol=1e-6)


def test_of_points_on_one_pixel_the_nearest_is_seen():
    ray = np.array([0.1, -0.1, 1.0])
    depth = sparse_depth(np.outer([3.0, 1.5, 2.0, 1.7], ray), PINHOLE)
    assert depth[18, 36] == 1.5 and np.isfinite(depth).sum() == 1


def test_points_that_the_camera_does_not_see_are_left_out():
    points = np.array([[0, 0, -1.0], [9, 0, 1], [0, -9, 1], [np.nan, 0, 1], [0, 0, np.inf]])
    assert np.isnan(sparse_depth(points, PINHOLE)).all()
    assert np.isnan(sparse_depth(np.empty((0, 3)), PINHOLE)).all()


def test_a_scanner_gives_the_scale_of_a_prediction():
    rng = np.random.default_rng(1)
    points = rng.uniform((-2, -1.5, 2), (2, 1.5, 6), (400, 3))
    sensor = sparse_depth(points, FISHEYE)
    predicted = sensor / 1.2 * np.exp(0.03 * rng.normal(size=sensor.shape))
    assert sensor_scale(predicted, sensor).factor == pytest.approx(1.2, rel=0.01)


def test_points_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"must be \(N, 3\), got \(4, 2\)"):
        sparse_depth(np.zeros((4, 2)), PINHOLE)
