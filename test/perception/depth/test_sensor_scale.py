# SPDX-License-Identifier: Apache-2.0
"""A known factor is found among noise and lies, and what can't be known is not said."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.depth.sensor_scale import sensor_scale

FACTOR = 1.37
NOISE = 0.03
# What an outlier may be: a fraction of the true depth, or a depth of its own.
OUTLIERS = {
    "through glass": lambda rng, z: z * rng.uniform(1.5, 4.0, z.shape),
    "dust": lambda rng, z: z * rng.uniform(0.05, 0.5, z.shape),
    "anywhere": lambda rng, z: rng.uniform(0.2, 20.0, z.shape),
    "one wall": lambda rng, z: np.full_like(z, 15.0),
    "another scale": lambda rng, z: z * 1.3,
}


def points(seed: int, kind: str, count: int = 200, bad: float = 0.3) -> tuple[np.ndarray, ...]:
    """Predictions and sensor depths of `count` points in an image that has few of them."""
    rng = np.random.default_rng(seed)
    predicted = rng.uniform(0.5, 8.0, (60, 80)).astype(np.float32)
    true = FACTOR * predicted
    sensor = np.full(predicted.shape, np.nan, np.float32)
    at = rng.permutation(predicted.size)[:count]
    sensor.flat[at] = true.flat[at] * (1 + NOISE * rng.normal(size=count))
    wrong = at[: round(bad * count)]
    sensor.flat[wrong] = OUTLIERS[kind](rng, true.flat[wrong])
    return predicted, sensor


@pytest.mark.parametrize("kind", OUTLIERS)
@pytest.mark.parametrize("seed", range(8))
def test_a_factor_is_recovered_within_a_hundredth(seed: int, kind: str):
    """From 200 noisy points of which 30 % are wrong."""
    scale = sensor_scale(*points(seed, kind))
    assert scale.factor == pytest.approx(FACTOR, rel=0.01)
    assert scale.source == "sensor" and scale.consistent and scale.samples == 200
    assert 130 <= scale.inliers <= 150  # 140 points are right
    assert 0.03 < scale.spread < 0.08


def test_dense_depth_of_half_a_lying_sensor():
    predicted, sensor = points(0, "through glass", count=4800, bad=0.45)
    assert sensor_scale(predicted, sensor).factor == pytest.approx(FACTOR, rel=0.005)


def test_a_clean_sensor_is_matched_exactly():
    predicted, _ = points(0, "dust")
    scale = sensor_scale(predicted, 2.5 * predicted)
    assert scale.factor == pytest.approx(2.5, rel=1e-5)
    assert scale.spread == pytest.approx(0.0, abs=1e-5) and scale.inliers == scale.samples


@pytest.mark.parametrize("kind", OUTLIERS)
def test_an_offset_is_told_from_the_factor(kind: str):
    predicted, sensor = points(1, kind, count=600)
    scale = sensor_scale(predicted, sensor + 0.4, with_offset=True)
    assert scale.factor == pytest.approx(FACTOR, rel=0.03)
    assert scale.offset_m == pytest.approx(0.4, abs=0.1)
    np.testing.assert_allclose(scale.apply(np.array([3.0])), FACTOR * 3.0 + 0.4, rtol=0.02)


def test_at_one_distance_an_offset_cannot_be_told_and_is_not():
    predicted = np.full((20, 20), 2.0)
    scale = sensor_scale(predicted, predicted * 1.5, with_offset=True)
    assert scale.factor == pytest.approx(1.5) and scale.offset_m == 0.0
    assert "too much alike" in scale.note and scale.consistent


@pytest.mark.parametrize("count", [0, 1, 19])
def test_too_few_points_are_no_scale_and_say_so(count: int):
    scale = sensor_scale(*points(0, "dust", count=count))
    assert not scale.usable and not scale.consistent
    assert f"only {count} points" in scale.note and "20 are needed" in scale.note


def test_a_sensor_that_measures_something_else_is_noticed():
    rng = np.random.default_rng(5)
    predicted, other = rng.uniform(0.5, 8.0, (2, 4000))
    scale = sensor_scale(predicted, other)
    assert scale.usable and not scale.consistent
    assert "contradict each other" in scale.note


def test_what_was_not_measured_or_not_predicted_is_left_out():
    predicted, sensor = points(0, "dust", bad=0.0)
    sensor.flat[:4] = 0.0, -1.0, np.inf, np.nan
    predicted.flat[4:8] = 0.0, np.nan, np.inf, -1.0
    assert sensor_scale(predicted, sensor).factor == pytest.approx(FACTOR, rel=0.01)


def test_predictions_at_the_end_of_the_range_say_nothing_of_the_scale():
    rng = np.random.default_rng(2)
    sensor = rng.uniform(1.0, 40.0, 2000)
    predicted = np.minimum(sensor / FACTOR, 10.0)  # more than half are beyond it
    scale = sensor_scale(predicted, sensor, max_predicted_m=10.0)
    assert scale.factor == pytest.approx(FACTOR, rel=1e-3)


def test_sizes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 5\) but the prediction \(8, 10\)"):
        sensor_scale(np.ones((8, 10)), np.ones((4, 5)))
