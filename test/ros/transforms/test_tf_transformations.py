# SPDX-License-Identifier: Apache-2.0
"""Our transforms, by transforms3d, have the numbers of ROS's tf_transformations."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.camera.extrinsics import extrinsic_matrix
from tips_ros.perception.regions.oriented_box import OrientedBox, transform_matrix

tf_transformations = pytest.importorskip(
    "tf_transformations", reason="tf_transformations is not installed here"
)
RNG = np.random.default_rng(5)
QUATERNIONS = [*RNG.normal(size=(20, 4)), *np.eye(4), np.array([1, 1, 0, 0])]


@pytest.mark.parametrize("quaternion", [q / np.linalg.norm(q) for q in QUATERNIONS])
def test_a_quaternion_is_the_same_matrix_and_back(quaternion):
    ours, theirs = transform_matrix([0, 0, 0], quaternion), tf_transformations.quaternion_matrix
    np.testing.assert_allclose(ours, theirs(quaternion), atol=1e-12)
    back = OrientedBox(np.zeros(3), ours[:3, :3], np.ones(3)).quaternion_xyzw
    assert abs(back @ tf_transformations.quaternion_from_matrix(ours)) == pytest.approx(1.0)


@pytest.mark.parametrize("rpy", RNG.uniform(-3, 3, (20, 3)).tolist())
def test_roll_pitch_and_yaw_are_the_same_matrix(rpy):
    theirs = tf_transformations.euler_matrix(*rpy, axes="sxyz")
    np.testing.assert_allclose(extrinsic_matrix([0, 0, 0], rpy), theirs, atol=1e-12)
