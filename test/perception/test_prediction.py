# SPDX-License-Identifier: Apache-2.0
"""A prediction for an upright picture, put back into the orientation of its camera."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.camera.mounting import ROTATIONS_DEG, MountingRotation, rotate_upright
from tips_ros.perception.prediction import Prediction

CAMERAS = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize("mounting", ROTATIONS_DEG)
def test_each_array_lies_again_as_the_camera_s_picture_did(mounting: MountingRotation):
    upright = rotate_upright(CAMERAS, mounting)
    names = upright.astype(np.uint8)
    back = Prediction(upright, None, names, names, upright / 10).rotate_back(mounting)
    assert back.normals is None
    for found in (back.depth_m, back.labels, back.confidence):
        np.testing.assert_array_equal(found, CAMERAS)
    np.testing.assert_allclose(back.stddev_m, CAMERAS / 10)


def test_normals_are_turned_and_not_only_moved():
    up = np.zeros((3, 4, 3), np.float32)
    up[..., 1] = -1
    normals = Prediction(normals=up).rotate_back(180).normals
    assert normals is not None
    assert (normals == (0, 1, 0)).all()


def test_what_was_not_asked_for_stays_away():
    assert Prediction().rotate_back(90) == Prediction()
