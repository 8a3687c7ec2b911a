# SPDX-License-Identifier: Apache-2.0
"""A cloud told in another frame is the same cloud."""

import math

import numpy as np
import pytest

from tips_ros.perception.camera.extrinsics import extrinsic_matrix
from tips_ros.perception.cloud.move_cloud import move_cloud
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE


@pytest.fixture
def points():
    rng = np.random.default_rng(3)
    points = np.zeros(500, CLOUD_DTYPE)
    points.view(np.float32).reshape(-1, 8)[:] = rng.normal(size=(500, 8))
    points["label"] = rng.integers(0, 256, 500)
    return points


def columns(points, *names):
    return np.stack([points[name] for name in names], axis=1)


def test_places_move_and_normals_only_turn(points):
    there = move_cloud(points, extrinsic_matrix((1.0, 2.0, 3.0), (0.0, 0.0, math.pi / 2)))
    x, y, z = (points[axis] for axis in "xyz")
    np.testing.assert_allclose(columns(there, *"xyz"), np.stack([1 - y, 2 + x, 3 + z], 1), 1e-5)
    normals = columns(points, "normal_x", "normal_y", "normal_z")
    np.testing.assert_allclose(
        columns(there, "normal_x", "normal_y", "normal_z"),
        np.stack([-normals[:, 1], normals[:, 0], normals[:, 2]], 1),
        rtol=1e-5,
        atol=1e-7,
    )


def test_colours_and_labels_stay_and_so_does_what_was_given(points):
    before = points.tobytes()
    there = move_cloud(points, extrinsic_matrix((1.0, 2.0, 3.0), (0.1, 0.2, 0.3)))
    assert points.tobytes() == before
    assert there["rgb"].tobytes() == points["rgb"].tobytes()
    np.testing.assert_array_equal(there["label"], points["label"])


def test_and_back_it_is_where_it_was(points):
    matrix = extrinsic_matrix((0.3, -0.2, 1.5), (0.4, -1.1, 2.2))
    back = move_cloud(move_cloud(points, matrix), np.linalg.inv(matrix))
    np.testing.assert_allclose(columns(back, *"xyz"), columns(points, *"xyz"), atol=1e-5)


def test_kilometres_from_the_origin_it_is_right_to_what_a_float_can_say(points):
    there = move_cloud(points, extrinsic_matrix((4000.0, -3000.0, 100.0), (0.0, 0.0, 0.0)))
    expected = columns(points, *"xyz").astype(np.float64) + [4000.0, -3000.0, 100.0]
    np.testing.assert_array_equal(columns(there, *"xyz"), expected.astype(np.float32))


def test_normals_that_nobody_knows_stay_unknown(points):
    points["normal_x"] = points["normal_y"] = points["normal_z"] = np.nan
    there = move_cloud(points, extrinsic_matrix((0.0, 0.0, 1.0), (1.0, 0.0, 0.0)))
    assert np.isnan(columns(there, "normal_x", "normal_y", "normal_z")).all()
    assert np.isfinite(columns(there, *"xyz")).all()


def test_a_matrix_of_another_shape_is_refused(points):
    with pytest.raises(ValueError, match=r"\(4, 4\)"):
        move_cloud(points, np.eye(3))
