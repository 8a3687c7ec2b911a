# SPDX-License-Identifier: Apache-2.0
"""Roll, pitch and yaw mean what URDF means by them."""

import math

import cv2
import numpy as np
import pytest

from tips_ros.perception.camera.extrinsics import check_triple, extrinsic_matrix

AHEAD = (-math.pi / 2, 0.0, -math.pi / 2)


def test_a_camera_that_looks_ahead_sees_along_x_with_its_right_at_minus_y_and_its_down_at_minus_z():
    matrix = extrinsic_matrix((0.1, 0.2, 0.3), AHEAD)
    np.testing.assert_allclose(matrix[:3, 2], [1, 0, 0], atol=1e-12)  # the optical z
    np.testing.assert_allclose(matrix[:3, 0], [0, -1, 0], atol=1e-12)
    np.testing.assert_allclose(matrix[:3, 1], [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(matrix @ [0, 0, 2, 1], [2.1, 0.2, 0.3, 1], atol=1e-12)


def test_the_axes_stay_fixed_while_roll_then_pitch_then_yaw_turn():
    roll, pitch, yaw = 0.3, -0.7, 1.9
    about = [cv2.Rodrigues(np.array(v))[0] for v in ([roll, 0, 0], [0, pitch, 0], [0, 0, yaw])]
    matrix = extrinsic_matrix((0, 0, 0), (roll, pitch, yaw))
    np.testing.assert_allclose(matrix[:3, :3], about[2] @ about[1] @ about[0], atol=1e-12)
    np.testing.assert_array_equal(matrix[3], [0, 0, 0, 1])


@pytest.mark.parametrize("numbers", [[0.1], [0.0, 1.0], [1.0] * 4, [0.0, math.nan, 0.0]])
def test_anything_but_three_finite_numbers_is_refused_with_an_example(numbers):
    with pytest.raises(ValueError, match=r"three finite numbers, as in \[0\.1"):
        check_triple(numbers)
    with pytest.raises(ValueError, match="three"):
        extrinsic_matrix(numbers, AHEAD)


def test_no_numbers_are_no_mistake_but_no_place_either():
    check_triple([])
    with pytest.raises(ValueError, match="xyz and rpy"):
        extrinsic_matrix([], AHEAD)
    with pytest.raises(ValueError, match="xyz and rpy"):
        extrinsic_matrix([0.0, 0.0, 1.0], [])
