# SPDX-License-Identifier: Apache-2.0
"""Depth on a camera that the model was not trained with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tips_ros.evaluation.focal import focal_scale
from tips_ros.perception.camera import Intrinsics
from tips_ros.perception.description import NYU_FOCAL_RATIO, ModelDescription

NYU = Intrinsics(518.86, 519.47, 325.58, 253.74, 640, 480)


def test_the_camera_of_the_training_needs_no_correction(description: ModelDescription):
    trained_with_nyu = replace(description, focal_ratio=NYU_FOCAL_RATIO)
    assert focal_scale(NYU, trained_with_nyu) == pytest.approx(1.0)


def test_a_longer_lens_makes_things_look_nearer_than_they_are(description: ModelDescription):
    tele = Intrinsics(1280.0, 1280.0, 319.5, 239.5, 640, 480)
    assert focal_scale(tele, description) == pytest.approx(2.0)


def test_the_size_of_the_image_does_not_matter(description: ModelDescription):
    small = focal_scale(NYU.scaled_to(160, 120), description)
    assert small == pytest.approx(focal_scale(NYU, description))
