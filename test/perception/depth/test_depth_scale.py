# SPDX-License-Identifier: Apache-2.0
"""A scale brings depth to metres, and tells of itself."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.scale_choice import fixed_scale, focal_depth_scale, model_scale


def test_a_scale_multiplies_and_keeps_what_is_no_depth():
    depth = np.array([[1.0, np.nan, np.inf]], np.float64)
    scaled = fixed_scale(2.0).apply(depth)
    np.testing.assert_array_equal(scaled, np.array([[2.0, np.nan, np.inf]], np.float32))
    assert scaled.dtype == np.float32


def test_an_offset_that_leaves_nothing_positive_leaves_nothing():
    scale = DepthScale(1.0, "sensor", offset_m=-0.5)
    np.testing.assert_array_equal(scale.apply(np.array([2.0, 0.5, 0.2])), [1.5, np.nan, np.nan])


def test_the_model_is_taken_at_its_word():
    assert model_scale() == DepthScale(1.0, "model")
    assert model_scale().spread is None  # nothing was measured


def test_the_focal_length_scales_by_the_width():
    scale = focal_depth_scale(Intrinsics(640.0, 640.0, 319.5, 179.5, 640, 360), 0.8)
    assert scale.source == "focal" and scale.factor == pytest.approx(1.25)


def test_doubts_add_up():
    scale = fixed_scale(1.0).with_doubt("first").with_doubt("second")
    assert not scale.consistent and scale.note == "first; second"


def test_a_scale_that_is_not_known_is_not_applied():
    unknown = DepthScale(math.nan, "sensor", note="only 3 points")
    assert not unknown.usable
    with pytest.raises(ValueError, match="only 3 points"):
        unknown.apply(np.ones(3))


@pytest.mark.parametrize("factor", [0.0, -1.0, math.nan, math.inf])
def test_a_fixed_factor_must_be_a_positive_number(factor: float):
    with pytest.raises(ValueError, match="must be a positive number"):
        fixed_scale(factor)
