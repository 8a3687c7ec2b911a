# SPDX-License-Identifier: Apache-2.0
"""Depth on a camera that the model was not trained with."""

from __future__ import annotations

import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.depth.scale_choice import focal_scale
from tips_ros.perception.description import NYU_FOCAL_RATIO

NYU = Intrinsics(518.86, 519.47, 325.58, 253.74, 640, 480)


def test_the_camera_of_the_training_needs_no_correction():
    assert focal_scale(NYU, NYU_FOCAL_RATIO) == pytest.approx(1.0)


def test_a_longer_lens_makes_things_look_nearer_than_they_are():
    tele = Intrinsics(1280.0, 1280.0, 319.5, 239.5, 640, 480)
    assert focal_scale(tele, 1.0) == pytest.approx(2.0)


def test_the_size_of_the_image_does_not_matter():
    small = focal_scale(NYU.scaled_to(160, 120), NYU_FOCAL_RATIO)
    assert small == pytest.approx(focal_scale(NYU, NYU_FOCAL_RATIO))


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("nan"), float("inf")])
def test_a_model_without_a_focal_length_is_refused(ratio: float):
    with pytest.raises(ValueError, match="focal_ratio must be a positive number"):
        focal_scale(NYU, ratio)
