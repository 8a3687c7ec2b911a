# SPDX-License-Identifier: Apache-2.0
"""Depth errors against a pixel-by-pixel computation."""

from __future__ import annotations

import math
from statistics import fmean, median

import numpy as np
import pytest

from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.metrics.depth import DepthErrors, DepthMetrics, depth_errors

PROTOCOL = DepthProtocol(0.1, 10.0)


def images(seed: int, invalid: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Prediction and truth, (12, 17), beyond the limits at some pixels of both."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.05, 12.0, (12, 17)).astype(np.float32)
    predicted = (truth * rng.lognormal(0.1, 0.4, truth.shape)).astype(np.float32)
    truth[rng.random(truth.shape) < invalid] = rng.choice([np.nan, 0.0, -1.0, np.inf])
    return predicted, truth


def by_hand(predicted: np.ndarray, truth: np.ndarray) -> tuple[dict[str, float], int]:
    """The definitions, one pixel after the other."""
    raw = [
        (float(p), float(t))
        for p, t in zip(predicted.ravel(), truth.ravel(), strict=True)
        if math.isfinite(t) and 0.1 < t < 10.0
    ]
    pairs = [(min(max(p, 0.1), 10.0), t) for p, t in raw]
    scale = median(t for _, t in raw) / median(max(p, 0.1) for p, _ in raw)
    scaled = [(min(max(max(p, 0.1) * scale, 0.1), 10.0), t) for p, t in raw]
    logs = [math.log(p) - math.log(t) for p, t in pairs]
    ratios = [max(p / t, t / p) for p, t in pairs]
    return {
        "abs_rel": fmean(abs(p - t) / t for p, t in pairs),
        "sq_rel_m": fmean((p - t) ** 2 / t for p, t in pairs),
        "rmse_m": math.sqrt(fmean((p - t) ** 2 for p, t in pairs)),
        "rmse_log": math.sqrt(fmean(d**2 for d in logs)),
        "log10": fmean(abs(math.log10(p) - math.log10(t)) for p, t in pairs),
        "delta1": fmean(r < 1.25 for r in ratios),
        "delta2": fmean(r < 1.5625 for r in ratios),
        "delta3": fmean(r < 1.953125 for r in ratios),
        "scale_invariant_log": math.sqrt(fmean(d**2 for d in logs) - fmean(logs) ** 2),
        "median_scaled_abs_rel": fmean(abs(p - t) / t for p, t in scaled),
    }, len(pairs)


@pytest.mark.parametrize("seed", range(6))
def test_every_error_is_the_one_of_its_definition(seed: int):
    predicted, truth = images(seed)
    image = depth_errors(predicted, truth, PROTOCOL)
    expected, pixels = by_hand(predicted, truth)
    assert image is not None and image.pixels == pixels
    assert image.errors._asdict() == pytest.approx(expected, rel=1e-9)


def test_the_truth_has_no_error():
    _, truth = images(1)
    image = depth_errors(truth, truth, PROTOCOL)
    assert image is not None
    assert image.errors == DepthErrors(0, 0, 0, 0, 0, 1, 1, 1, 0, 0)


def test_a_wrong_scale_alone_is_seen_by_all_but_the_two_that_forgive_it():
    truth = np.linspace(1.0, 4.0, 60, dtype=np.float32).reshape(6, 10)
    image = depth_errors(truth * np.float32(1.5), truth, PROTOCOL)
    assert image is not None
    errors = image.errors
    assert errors.abs_rel == pytest.approx(0.5) and errors.delta1 == 0 and errors.delta2 == 1
    assert errors.rmse_log == pytest.approx(math.log(1.5))
    assert errors.scale_invariant_log == pytest.approx(0, abs=1e-6)
    assert errors.median_scaled_abs_rel == pytest.approx(0, abs=1e-6)


def test_a_prediction_that_is_no_number_counts_as_the_near_end():
    truth = np.full((1, 4), 2.0, np.float32)
    image = depth_errors(np.array([[np.nan, -np.inf, -3, 2]], np.float32), truth, PROTOCOL)
    assert image is not None and image.pixels == 4
    assert image.errors.abs_rel == pytest.approx(3 * (1.9 / 2) / 4)


def test_an_infinite_prediction_counts_as_the_far_end():
    truth = np.full((1, 1), 2.0, np.float32)
    image = depth_errors(np.array([[np.inf]], np.float32), truth, PROTOCOL)
    assert image is not None and image.errors.abs_rel == pytest.approx(4.0)


def test_images_count_the_same_however_many_pixels_they_have():
    metrics = DepthMetrics(PROTOCOL)
    pairs = [images(7, invalid=0.9), images(8, invalid=0.1)]
    for predicted, truth in pairs:
        metrics.add(predicted, truth)
    each = [by_hand(*pair) for pair in pairs]
    result = metrics.result()
    assert result is not None and (result.images, result.pixels) == (2, each[0][1] + each[1][1])
    for field, mean in result.errors._asdict().items():
        assert mean == pytest.approx(fmean(errors[field] for errors, _ in each))


def test_an_image_without_a_valid_pixel_is_not_gathered():
    metrics = DepthMetrics(PROTOCOL)
    nothing = np.full((3, 4), np.nan, np.float32)
    assert metrics.add(np.ones((3, 4), np.float32), nothing) is None
    assert metrics.result() is None
    metrics.add(*images(2))
    result = metrics.result()
    assert result is not None and result.images == 1
