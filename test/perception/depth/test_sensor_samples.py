# SPDX-License-Identifier: Apache-2.0
"""Each measured pixel meets the predicted one in the same direction, whatever the sizes."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.depth.sensor_samples import sensor_samples


def ramp(height: int, width: int) -> np.ndarray:
    """(H, W) float32 that tells where a pixel's centre is in the view."""
    v, u = np.mgrid[0:height, 0:width] + 0.5
    return (1.0 + v / height + 10.0 * u / width).astype(np.float32)


@pytest.mark.parametrize("size", [(48, 64), (24, 32), (96, 128), (480, 640), (36, 48), (50, 66)])
def test_the_same_direction_is_compared_at_any_size(size: tuple[int, int]):
    predicted, sensor = sensor_samples(ramp(48, 64), ramp(*size))
    assert predicted.size == sensor.size == min(4000, size[0] * size[1])
    # Half a pixel of the coarser image either way.
    coarse = max(1 / 64, 1 / size[1])
    assert np.abs(predicted - sensor).max() < 10.0 * coarse


def test_equal_sizes_meet_pixel_by_pixel():
    np.testing.assert_array_equal(*sensor_samples(ramp(48, 64), ramp(48, 64)))


def test_no_point_of_a_sparse_sensor_is_lost():
    sensor = np.full((480, 640), np.nan, np.float32)
    at = np.random.default_rng(0).permutation(sensor.size)[:200]
    sensor.flat[at] = np.arange(1, 201)
    predicted, measured = sensor_samples(ramp(480, 640), sensor)
    assert sorted(measured) == list(range(1, 201))
    np.testing.assert_array_equal(predicted, ramp(480, 640).ravel()[np.sort(at)])


def test_what_was_not_measured_is_no_sample():
    sensor = np.array([[np.nan, np.inf, 0.0], [-1.0, -np.inf, 2.0]], np.float32)
    predicted, measured = sensor_samples(ramp(2, 3), sensor)
    assert measured.tolist() == [2.0] and predicted.tolist() == [ramp(2, 3)[1, 2]]


def test_many_are_thinned_evenly():
    _, measured = sensor_samples(ramp(480, 640), ramp(480, 640), most=1000)
    assert measured.size == 1000
    assert measured.mean() == pytest.approx(ramp(480, 640).mean(), rel=0.01)


def test_another_view_is_refused():
    with pytest.raises(ValueError, match="640x400, which is another view than 640x480"):
        sensor_samples(ramp(480, 640), ramp(400, 640))
