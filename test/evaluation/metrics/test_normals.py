# SPDX-License-Identifier: Apache-2.0
"""Angles between normals against arccos, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tips_ros.evaluation.metrics.normals import NormalMetrics, angles_deg


def normals(seed: int, spread: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Prediction and truth, (15, 20, 3), unit."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(15, 20, 3))
    predicted = truth / np.linalg.norm(truth, axis=-1, keepdims=True)
    predicted = predicted + spread * rng.normal(size=truth.shape)
    return tuple(
        (n / np.linalg.norm(n, axis=-1, keepdims=True)).astype(np.float32)
        for n in (predicted, truth)
    )


def by_hand(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Degrees, of the pixels whose truth is a number."""
    angles = []
    for p, t in zip(predicted.reshape(-1, 3), truth.reshape(-1, 3), strict=True):
        if not np.isnan(t).any():
            p, t = p.astype(float), t.astype(float)
            cosine = p @ t / math.sqrt((p @ p) * (t @ t))
            angles.append(math.degrees(math.acos(min(max(cosine, -1.0), 1.0))))
    return np.array(angles)


@pytest.mark.parametrize("seed", range(4))
def test_every_number_is_the_one_of_its_definition(seed: int):
    metrics, expected = NormalMetrics(), []
    for image in range(3):
        predicted, truth = normals(10 * seed + image, spread=0.1 + 0.4 * image)
        truth[:image, :7] = np.nan
        angles = by_hand(predicted, truth)
        assert metrics.add(predicted, truth) == pytest.approx(angles.mean(), abs=1e-5)
        expected.append(angles)
    pooled = np.concatenate(expected)
    result = metrics.result()
    assert result is not None and (result.images, result.pixels) == (3, pooled.size)
    assert result.mean_deg == pytest.approx(pooled.mean(), abs=1e-6)
    assert result.rmse_deg == pytest.approx(np.sqrt((pooled**2).mean()), abs=1e-6)
    assert result.median_deg == pytest.approx(np.sort(pooled)[(pooled.size - 1) // 2], abs=0.0051)
    assert result.within_5_deg == (pooled < 5).mean()
    assert result.within_11_25_deg == (pooled < 11.25).mean()
    assert result.within_22_5_deg == (pooled < 22.5).mean()
    assert result.within_30_deg == (pooled < 30).mean()


@pytest.mark.parametrize("angle_deg", [1e-4, 0.01, 5, 90, 179.9, 180])
def test_small_and_large_angles_keep_their_digits(angle_deg: float):
    a = math.radians(angle_deg)
    predicted = np.array([[[0.0, math.sin(a), -math.cos(a)]]], np.float32)
    truth = np.array([[[0.0, 0.0, -1.0]]], np.float32)
    assert angles_deg(predicted, truth)[0, 0] == pytest.approx(angle_deg, rel=1e-5)


def test_the_length_of_a_normal_does_not_matter():
    predicted, truth = normals(5)
    longer = angles_deg(3 * predicted, np.float32(0.5) * truth)
    np.testing.assert_allclose(longer, angles_deg(predicted, truth), atol=1e-4)


@pytest.mark.parametrize("nothing", [np.nan, 0.0, np.inf])
def test_a_prediction_without_a_direction_is_wrong_by_180_degrees(nothing: float):
    predicted, truth = normals(6)
    predicted[0] = nothing
    angles = angles_deg(predicted, truth)
    assert (angles[0] == 180).all() and np.isfinite(angles).all()
    metrics = NormalMetrics()
    metrics.add(predicted[:1], truth[:1])
    result = metrics.result()
    assert result is not None and result.mean_deg == 180 and result.within_30_deg == 0
    assert result.median_deg == pytest.approx(180, abs=0.005)


@pytest.mark.parametrize("nothing", [np.nan, 0.0])
def test_truth_without_a_direction_does_not_count(nothing: float):
    predicted, truth = normals(7)
    truth[:] = nothing
    metrics = NormalMetrics()
    assert metrics.add(predicted, truth) is None
    assert metrics.result() is None
