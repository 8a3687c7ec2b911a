# SPDX-License-Identifier: Apache-2.0
"""Pictures of errors are dark where the prediction is right."""

from __future__ import annotations

import numpy as np

from tips_ros.evaluation.error_pictures import (
    depth_error_picture,
    label_error_picture,
    normal_error_picture,
)

NOT_COUNTED = [0, 0, 60]


def brightness(picture: np.ndarray) -> np.ndarray:
    return picture.astype(int).sum(axis=2)


def test_the_farther_off_the_depth_the_brighter():
    truth = np.full((1, 6), 2.0, np.float32)
    predicted = np.array([[2.0, 2.2, 1.5, 3.0, 9.0, np.nan]], np.float32)
    picture = depth_error_picture(predicted, truth, np.ones((1, 6), bool))
    bright = brightness(picture)[0].tolist()
    assert bright[0] < bright[1] < bright[2] < bright[3] == bright[4] == bright[5]
    assert bright[0] < 20


def test_depth_that_does_not_count_is_dark_blue():
    truth = np.array([[np.nan, 2.0, 0.0]], np.float32)
    picture = depth_error_picture(truth, truth, np.array([[False, True, False]]))
    assert picture[0, 0].tolist() == picture[0, 2].tolist() == NOT_COUNTED
    assert picture[0, 1].tolist() != NOT_COUNTED


def test_the_larger_the_angle_the_brighter():
    angles = np.radians([0, 20, 40, 60, 170])
    predicted = np.stack([np.sin(angles), 0 * angles, -np.cos(angles)], axis=-1)[None]
    truth = np.broadcast_to(np.float32([0, 0, -1]), (1, 5, 3)).copy()
    bright = brightness(normal_error_picture(predicted.astype(np.float32), truth))[0].tolist()
    assert bright[0] < bright[1] < bright[2] < bright[3] == bright[4]
    truth[:] = np.nan
    picture = normal_error_picture(predicted.astype(np.float32), truth)
    assert (picture == NOT_COUNTED).all()


def test_labels_are_right_wrong_or_ignored():
    picture = label_error_picture(
        np.array([[1, 2, 255, 254]], np.uint8), np.array([[1, 1, 255, 1]], np.uint8)
    )
    right, wrong, ignored, other = picture[0].astype(int)
    assert right[1] > right[0] and wrong[0] > wrong[1]
    assert ignored.tolist() == NOT_COUNTED and other.tolist() == wrong.tolist()
