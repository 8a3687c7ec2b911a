# SPDX-License-Identifier: Apache-2.0
"""Too far, too near and unknown are three different answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tips_ros.perception.depth.depth_scale import range_limited


def test_the_end_of_the_range_is_too_far_and_nothing_is_invalid():
    depth = np.array([[0.5, 9.7, 9.81, 10.0, 12.0, 0.0, -1.0, np.nan, np.inf, -np.inf]])
    limited = range_limited(depth, 10.0)
    inf, nan = np.inf, np.nan
    expected = np.array([[0.5, 9.7, inf, inf, inf, nan, nan, nan, inf, -inf]], np.float32)
    np.testing.assert_array_equal(limited, expected)
    assert limited.dtype == np.float32


def test_the_input_is_not_written_to():
    depth = np.full((2, 2), 11.0, np.float32)
    range_limited(depth, 10.0)
    assert (depth == 11.0).all()


@pytest.mark.parametrize(("max_m", "part"), [(0.0, 0.1), (math.nan, 0.1), (5.0, 1.0), (5.0, -0.1)])
def test_a_range_that_makes_no_sense_is_refused(max_m: float, part: float):
    with pytest.raises(ValueError, match="must be positive"):
        range_limited(np.ones((2, 2)), max_m, part)
