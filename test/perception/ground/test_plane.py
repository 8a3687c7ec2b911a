# SPDX-License-Identifier: Apache-2.0
"""A plane under a camera, and the level frame over it."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.ground.plane import Plane, level_quaternion, level_rotation

from .floor_scene import FloorScene

STRAIGHT = {"down": (0.0, 0.0, -1.0), "up": (0.0, 0.0, 1.0)}


@pytest.mark.parametrize("roll_deg", [0, 20, 90, 180, 270])
@pytest.mark.parametrize("pitch_deg", [-80, -20, 0, 35])
def test_the_level_frame_has_its_z_up_and_its_x_where_the_camera_looks(pitch_deg, roll_deg):
    scene = FloorScene(0.5, pitch_deg, roll_deg)
    assert level_rotation(scene.plane.up) == pytest.approx(scene.level_from_optical, abs=1e-9)


def rotated(quaternion: tuple[float, ...], vector: np.ndarray) -> np.ndarray:
    """As tf2 does it."""
    *axis, w = quaternion
    across = np.cross(axis, vector)
    return vector + 2 * (w * across + np.cross(axis, across))


@pytest.mark.parametrize("roll_deg", [0, 3, 90, 179.9, 180, 181, 270])
@pytest.mark.parametrize("pitch_deg", [-90, -80, -20, 0, 0.01, 35, 90])
def test_the_quaternion_on_tf_is_that_of_the_level_frame(pitch_deg, roll_deg):
    """A camera mounted on its side or upside down included."""
    up = FloorScene(0.5, pitch_deg, roll_deg).plane.up
    quaternion = level_quaternion(up)
    assert np.linalg.norm(quaternion) == pytest.approx(1.0)
    for axis, told in zip(np.eye(3), level_rotation(up), strict=True):
        assert rotated(quaternion, axis) == pytest.approx(told, abs=1e-3)


@pytest.mark.parametrize("name", STRAIGHT)
@pytest.mark.parametrize("lean", [0.0, 1e-5, -1e-5])
def test_a_camera_that_looks_straight_down_or_up_has_a_level_frame_too(name, lean):
    """A robot arm's, or a drone's: its x is where the camera would look, were it tilted back."""
    up = np.asarray(STRAIGHT[name]) + (lean, lean, 0.0)
    turn = level_rotation(up)
    assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(turn) == pytest.approx(1.0)
    assert turn[2] == pytest.approx(up, abs=1e-9)
    tilted = FloorScene(0.5, -60 if name == "down" else 60).level_from_optical
    assert turn[0] @ tilted[0] > 0.4, "as it was before it was tilted so far"


def test_heights_are_over_the_floor_and_the_camera_is_over_it_too():
    plane = Plane.of((0.0, -2.0, 0.0), 0.5)
    assert plane.heights(np.array([[0.0, 0.5, 3.0], [1.0, 0.3, 1.0]])) == pytest.approx([0.0, 0.2])
    assert plane.coefficients == pytest.approx((0.0, -1.0, 0.0, 0.5))


def test_a_plane_is_the_same_one_from_another_place():
    plane = Plane.of((0.0, -1.0, 0.0), 0.5)
    lifted = np.eye(4)
    lifted[1, 3] = 0.2  # what was at the camera is now 0.2 m below it
    assert plane.transform(lifted).height_m == pytest.approx(0.7)
    lifted[1, 3] = -0.6
    assert plane.transform(lifted) is None, "from below the floor"
