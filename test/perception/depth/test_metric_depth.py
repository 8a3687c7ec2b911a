# SPDX-License-Identifier: Apache-2.0
"""The one door to metres: scaled first, limited to the range after, cheap when nothing is far."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tips_ros.perception.depth.depth_scale import DepthScale, farthest_m, to_metres
from tips_ros.perception.depth.scale_choice import fixed_scale, model_scale

INF, NAN = np.inf, np.nan


def test_depth_is_scaled_and_ends_where_the_models_range_ends():
    depth = np.array([[1.0, 9.7, 9.81, 10.0]], np.float32)
    metres = to_metres(depth, fixed_scale(2.0), 10.0)
    np.testing.assert_array_equal(metres, np.array([[2.0, 19.4, INF, INF]], np.float32))
    assert metres.dtype == np.float32
    assert farthest_m(fixed_scale(2.0), 10.0) == pytest.approx(19.6)


def test_an_offset_moves_the_range_too():
    scale = DepthScale(2.0, "sensor", offset_m=-3.0)
    metres = to_metres(np.array([[1.0, 4.0, 9.5, 9.9]], np.float32), scale, 10.0)
    np.testing.assert_allclose(metres, [[NAN, 5.0, 16.0, INF]])
    assert farthest_m(scale, 10.0) == pytest.approx(16.66)


def test_nothing_that_is_no_depth_becomes_one():
    depth = np.array([[0.0, -1.0, NAN, INF, -INF, 3.0]], np.float32)
    metres = to_metres(depth, fixed_scale(3.0), 10.0)
    np.testing.assert_array_equal(metres, np.array([[NAN, NAN, NAN, INF, -INF, 9.0]], np.float32))


@pytest.mark.parametrize("factor", [1.0, 1.5])
@pytest.mark.parametrize("extra", [[], [11.0], [NAN], [0.0]])
def test_what_was_predicted_is_not_written_to(factor: float, extra: list[float]):
    depth = np.array([[2.0, 5.0, *extra]], np.float32)
    before = depth.copy()
    metres = to_metres(depth, fixed_scale(factor), 10.0)
    np.testing.assert_array_equal(depth, before)
    np.testing.assert_allclose(metres[0, :2], factor * before[0, :2])


def test_a_frame_within_the_range_costs_no_copy_where_the_model_is_taken_at_its_word():
    depth = np.full((4, 5), 3.0, np.float32)
    assert to_metres(depth, model_scale(), 10.0) is depth


def test_no_scale_is_an_error_and_no_image_of_nan():
    with pytest.raises(ValueError, match="no scale to apply"):
        to_metres(np.ones((2, 2), np.float32), DepthScale(math.nan, "sensor"), 10.0)
