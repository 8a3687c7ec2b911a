# SPDX-License-Identifier: Apache-2.0
"""Coverage and sparsification of deviations whose quality is known."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.metrics.deviation import DeviationMetrics, DeviationResult

SIZE = (200, 300)


def measured(order: str, images: int = 3) -> DeviationResult:
    """Draws normal errors, with a deviation that is right, wrong by a factor, or says nothing."""
    metrics = DeviationMetrics(DepthProtocol(), calibrated=True)
    for seed in range(images):
        rng = np.random.default_rng(seed)
        truth = rng.uniform(1, 5, SIZE)
        sigma = truth * np.exp(rng.normal(-3, 0.7, SIZE))
        predicted = truth + sigma * rng.standard_normal(SIZE)
        said = {
            "right": sigma,
            "twice": 2 * sigma,
            "nothing": predicted * 0.05,
            "perfect": np.abs(predicted - truth) + 1e-9,
            "reversed": 1 / np.maximum(np.abs(predicted - truth), 1e-9),
        }[order]
        metrics.add(*(a.astype(np.float32) for a in (predicted, said, truth)))
    result = metrics.result()
    assert result is not None and result.images == images
    return result


def test_a_right_deviation_covers_what_a_normal_distribution_does():
    right, twice = measured("right"), measured("twice")
    assert right.within_1_sigma == pytest.approx(0.683, abs=0.01)
    assert right.within_2_sigma == pytest.approx(0.954, abs=0.01)
    assert twice.within_1_sigma == pytest.approx(0.954, abs=0.01)
    assert right.ause_abs_rel == pytest.approx(twice.ause_abs_rel, abs=1e-3)
    assert right.negative_log_likelihood < twice.negative_log_likelihood


def test_sparsification_goes_from_nothing_to_chance_and_beyond():
    perfect, right, nothing, reversed_ = (
        measured(order).ause_abs_rel for order in ("perfect", "right", "nothing", "reversed")
    )
    assert perfect < 0.05 < right < 0.7
    assert nothing == pytest.approx(1.0, abs=0.03)
    assert reversed_ > 1.5


def test_pixels_without_depth_or_truth_do_not_count():
    metrics = DeviationMetrics(DepthProtocol(), calibrated=False)
    nothing = np.full(SIZE, np.nan, np.float32)
    ones = np.ones(SIZE, np.float32)
    for predicted, said, truth in ((ones, ones, nothing), (nothing, ones, ones)):
        metrics.add(predicted, said, truth)
    metrics.add(np.full(SIZE, np.inf, np.float32), nothing, ones)
    assert metrics.result() is None
    half = ones.copy()
    half[:, ::2] = np.nan
    metrics.add(ones * 1.1, half, ones)
    result = metrics.result()
    assert result is not None and result.pixels == SIZE[0] * SIZE[1] // 2 and not result.calibrated
