# SPDX-License-Identifier: Apache-2.0
"""Scale and shift of inverse depth are found through outliers, or said not to be told."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.depth.inverse_affine import fit_inverse_affine


def scan(slope: float, offset: float, outliers: float, seed: int, count: int = 400):
    """A network's depth and a LiDAR's: `1 / true = slope / predicted + offset`."""
    rng = np.random.default_rng(seed)
    true = rng.uniform(0.6, 5.0, count)
    predicted = slope / (1 / true - offset)
    measured = true * (1 + 0.005 * rng.standard_normal(count))
    wrong = rng.random(count) < outliers
    measured[wrong] = rng.uniform(0.3, 9.0, wrong.sum())
    return predicted, measured


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("slope", "offset"), [(0.7, 0.05), (1.0, 0.0), (1.6, -0.06)])
def test_thirty_percent_of_outliers_move_it_by_less_than_one(slope, offset, seed):
    found = fit_inverse_affine(*scan(slope, offset, 0.3, seed))
    assert found.slope == pytest.approx(slope, rel=0.01)
    assert found.offset == pytest.approx(offset, abs=0.005)
    assert found.inliers > 0.6 * found.samples


def test_outliers_that_are_all_on_one_side_do_not_either():
    """Whatever is nearer than the scan's plane, as chairs are before a wall."""
    predicted, measured = scan(0.8, 0.04, 0.0, 1)
    measured[::4] *= 1.7
    found = fit_inverse_affine(predicted, measured)
    assert found.slope == pytest.approx(0.8, rel=0.01)


def test_a_flat_wall_tells_no_two_numbers():
    rng = np.random.default_rng(0)
    predicted = 2.0 + 0.02 * rng.standard_normal(300)
    assert fit_inverse_affine(predicted, 1.3 * predicted) is None


def test_few_points_tell_none():
    assert fit_inverse_affine(np.linspace(1, 3, 10), np.linspace(1, 3, 10)) is None


def test_depth_that_falls_where_the_sensor_rises_is_refused():
    predicted = np.linspace(1, 4, 200)
    assert fit_inverse_affine(predicted, 1 / (1.2 - 1 / predicted)) is None
