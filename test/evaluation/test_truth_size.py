# SPDX-License-Identifier: Apache-2.0
"""Truth of another size than its image is compared at its own size."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.evaluation.sample import Sample
from tips_ros.evaluation.truth_size import at_truth_size, resize_map
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.prediction import Prediction

CAMERA = Intrinsics(60.0, 60.0, 31.5, 23.5, 64, 48)


def plane(camera: Intrinsics) -> np.ndarray:
    """Depth (H, W) of the floor 1 m below a camera that looks 45 degrees down."""
    v = (np.arange(camera.height) - camera.cy) / camera.fy
    depth_m = np.sqrt(2) / (1 + v)
    return np.repeat(depth_m[:, None], camera.width, axis=1).astype(np.float32)


def small(shrink: int) -> Sample:
    """A whole image and a truth that many times smaller; its labels are those of columns."""
    camera = CAMERA.scaled_to(CAMERA.width // shrink, CAMERA.height // shrink)
    labels = np.zeros((camera.height, camera.width), np.uint8)
    labels[:, camera.width // 2 :] = 7
    rgb = np.full((CAMERA.height, CAMERA.width, 3), 90, np.uint8)
    return Sample("", rgb, plane(camera), labels=labels, intrinsics=CAMERA)


def test_truth_of_the_image_s_size_changes_nothing():
    sample, prediction = small(1), Prediction(plane(CAMERA))
    same, said = at_truth_size(sample, prediction)
    assert same is sample and said is prediction


@pytest.mark.parametrize("shrink", [2, 3, 4])
def test_the_image_its_camera_and_the_prediction_become_as_small_as_the_truth(shrink: int):
    labels = np.zeros((CAMERA.height, CAMERA.width), np.uint8)
    labels[:, CAMERA.width // 2 :] = 7
    normals = np.zeros((CAMERA.height, CAMERA.width, 3), np.float32)
    normals[..., 2] = -1
    original = small(shrink)
    sample, said = at_truth_size(original, Prediction(plane(CAMERA), normals, labels))
    size = original.labels.shape
    assert sample.rgb.shape == (*size, 3) and (sample.rgb == 90).all()
    assert sample.intrinsics == CAMERA.scaled_to(size[1], size[0])
    np.testing.assert_allclose(said.depth_m, sample.depth_m, rtol=2e-3)
    assert said.labels.dtype == np.uint8
    np.testing.assert_array_equal(said.labels[:, : size[1] // 2 - 1], 0)
    np.testing.assert_array_equal(said.labels[:, size[1] // 2 + 1 :], 7)
    np.testing.assert_array_equal(said.normals, np.broadcast_to([0, 0, -1], (*size, 3)))
    assert said.confidence is None


def test_a_truth_larger_than_the_image_is_compared_at_its_size_too():
    large = CAMERA.scaled_to(128, 96)
    sample = small(1)._replace(depth_m=plane(large), labels=None)
    bigger, said = at_truth_size(sample, Prediction(plane(CAMERA)))
    assert bigger.rgb.shape == (96, 128, 3) and bigger.intrinsics == large
    inside = slice(1, -1), slice(1, -1)  # at the border there is nothing to interpolate with
    np.testing.assert_allclose(said.depth_m[inside], sample.depth_m[inside], rtol=2e-3)


def test_ids_are_never_mixed():
    ids = np.random.default_rng(0).choice(np.array([3, 119, 255], np.uint8), (48, 64))
    assert set(np.unique(resize_map(ids, (24, 32)))) <= {3, 119, 255}
    assert set(np.unique(resize_map(ids, (100, 131)))) <= {3, 119, 255}


@pytest.mark.parametrize("size", [(3, 4), (12, 16)])
def test_depth_that_is_too_far_to_tell_spoils_no_pixel_beside_it(size: tuple[int, int]):
    depth_m = np.full((6, 8), 2.0, np.float32)
    depth_m[:, 4:], depth_m[0, 0] = np.inf, np.nan
    found = resize_map(depth_m, size)
    half = size[1] // 2
    assert np.isposinf(found[:, half:]).all()
    assert (found[2:, :half] == 2.0).all()
