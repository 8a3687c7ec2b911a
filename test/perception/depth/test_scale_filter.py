# SPDX-License-Identifier: Apache-2.0
"""A scale over time: steady where it flickers, quick where it jumps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.scale_filter import ScaleFilter


def measured(factor: float, **told: object) -> DepthScale:
    return DepthScale(factor, "sensor", spread=0.1, samples=100, inliers=90, **told)


def test_the_first_scale_is_taken_as_it_is():
    assert ScaleFilter().current is None
    assert ScaleFilter().add(measured(1.2)) == measured(1.2)


def test_flicker_is_smoothed_and_its_size_told():
    rng = np.random.default_rng(0)
    scales = ScaleFilter(frames=15)
    factors = 1.5 * np.exp(0.05 * rng.normal(size=60))
    smooth = [scales.add(measured(float(factor))).factor for factor in factors]
    assert np.std(np.log(smooth[15:])) < 0.5 * np.std(np.log(factors[15:]))
    assert 0.02 < scales.wander < 0.1


def test_a_single_wild_scale_changes_nothing():
    scales = ScaleFilter()
    for _ in range(10):
        scales.add(measured(1.0))
    assert scales.add(measured(9.0)).factor == 1.0


def test_a_jump_is_followed_after_three_frames():
    scales = ScaleFilter(frames=31)
    for _ in range(31):
        scales.add(measured(1.0))
    followed = [scales.add(measured(1.5)).factor for _ in range(3)]
    assert followed == [1.0, 1.0, 1.5]


def test_what_is_not_usable_or_not_consistent_has_no_part():
    scales = ScaleFilter()
    scales.add(measured(1.0))
    assert scales.add(measured(math.nan)).factor == 1.0
    assert scales.add(measured(2.0).with_doubt("not registered")).factor == 1.0
    assert ScaleFilter().add(measured(2.0).with_doubt("not registered")) is None


def test_factor_and_offset_stay_together():
    scales = ScaleFilter()
    for factor, offset in ((1.0, 0.3), (1.1, 0.2), (1.2, 0.1)):
        scales.add(measured(factor, offset_m=offset))
    assert (scales.current.factor, scales.current.offset_m) == (1.1, 0.2)


def test_a_reset_forgets():
    scales = ScaleFilter()
    scales.add(measured(1.0))
    scales.reset()
    assert scales.current is None and scales.wander == 0.0


@pytest.mark.parametrize("told", [{"frames": 0}, {"jump": 0.0}, {"jump": math.nan}])
def test_impossible_settings_are_refused(told: dict[str, float]):
    with pytest.raises(ValueError, match="must be at least 1"):
        ScaleFilter(**told)
