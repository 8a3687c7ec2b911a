# SPDX-License-Identifier: Apache-2.0
"""Flicker of a camera that moves over a plane: nothing for the truth, known values otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from tips_ros.evaluation.metrics.flicker import FlickerMetrics, FlickerResult
from tips_ros.evaluation.sample import Sample
from tips_ros.perception.prediction import Prediction


def flicker(frames: list[Sample], predict: Callable[[int, Sample], Prediction]) -> FlickerResult:
    metrics = FlickerMetrics()
    for number, sample in enumerate(frames):
        metrics.add(sample, predict(number, sample))
    result = metrics.result()
    assert result is not None
    return result


def test_the_truth_itself_does_not_flicker_though_the_camera_moves(walk: list[Sample]):
    result = flicker(walk, lambda _, s: Prediction(s.depth_m, labels=s.labels))
    assert result.depth_log == 0 and result.labels_changed == 0
    assert result.pairs == 4 and result.points > 4 * 500
    assert result.interval_s == pytest.approx(0.1)


def test_a_depth_that_is_always_wrong_by_one_factor_does_not_flicker(walk: list[Sample]):
    result = flicker(walk, lambda _, s: Prediction(s.depth_m * np.float32(1.7)))
    assert result.depth_log == pytest.approx(0, abs=1e-6)
    assert result.labels_changed is None


def test_a_depth_whose_factor_changes_flickers_by_the_logarithm_of_the_change(walk: list[Sample]):
    factors = np.array([1.0, 1.1, 1.0, 1.1, 1.0], np.float32)
    result = flicker(walk, lambda i, s: Prediction(s.depth_m * factors[i]))
    assert result.depth_log == pytest.approx(math.log(1.1), rel=1e-5)


def test_labels_that_stay_with_the_image_and_not_with_the_world_flicker(walk: list[Sample]):
    def nailed(_: int, sample: Sample) -> Prediction:
        return Prediction(labels=walk[0].labels)

    result = flicker(walk, nailed)
    assert result.labels_changed is not None and 0.02 < result.labels_changed < 0.5
    assert result.depth_log is None


def test_labels_that_change_on_half_the_image_flicker_by_half(photograph: Callable[..., Sample]):
    still = [photograph(np.eye(4), stamp) for stamp in (0.0, 0.5, 1.0)]
    seen = np.isfinite(still[0].depth_m)
    rows = np.flatnonzero(seen.all(axis=1))

    def blinking(number: int, sample: Sample) -> Prediction:
        labels = np.zeros(seen.shape, np.uint8)
        labels[rows[: len(rows) // 2]] = number % 2
        return Prediction(labels=labels)

    share = (len(rows) // 2) * seen.shape[1] / seen.sum()
    assert flicker(still, blinking).labels_changed == pytest.approx(share)


def test_points_whose_true_class_changed_are_not_asked_for_labels(walk: list[Sample]):
    renamed = walk[1]._replace(labels=np.full_like(walk[1].labels, 9))
    result = flicker([walk[0], renamed], lambda i, s: Prediction(labels=s.labels))
    assert result.labels_changed is None and result.points > 0


def test_labels_are_compared_where_the_truth_has_no_classes_too(walk: list[Sample]):
    frames = [sample._replace(labels=None) for sample in walk[:2]]
    ones = np.ones(walk[0].rgb.shape[:2], np.uint8)
    result = flicker(frames, lambda i, _: Prediction(labels=ones * np.uint8(i)))
    assert result.labels_changed == 1.0


def test_a_prediction_that_is_no_depth_is_left_out(walk: list[Sample]):
    def broken(number: int, sample: Sample) -> Prediction:
        depth = sample.depth_m.copy()
        depth[::2] = (np.nan, 0.0, -1.0, np.inf, np.nan)[number]
        return Prediction(depth)

    assert flicker(walk, broken).depth_log == 0


def test_frames_of_different_sequences_or_of_none_make_no_pair(walk: list[Sample]):
    for sequences in (("a", "b", "a"), (None, None, None)):
        metrics = FlickerMetrics()
        for sample, sequence in zip(walk, sequences, strict=False):
            metrics.add(sample._replace(sequence=sequence), Prediction(sample.depth_m))
        assert metrics.result() is None


def test_frames_without_poses_or_stamps_are_told_apart(walk: list[Sample]):
    metrics = FlickerMetrics()
    for sample in walk:
        metrics.add(sample._replace(world_from_camera=None), Prediction(sample.depth_m))
    assert metrics.result() is None
    timeless = [sample._replace(stamp_s=None) for sample in walk]
    assert flicker(timeless, lambda _, s: Prediction(s.depth_m)).interval_s is None


def textured(count: int, shift_px: int) -> list[Sample]:
    """A camera without poses, before a wall 2 m away that slides by so many pixels a frame."""
    rng = np.random.default_rng(3)
    wall = cv2.resize(rng.integers(0, 255, (24, 64, 3)).astype(np.uint8), (320, 120))
    frames = []
    for i in range(count):
        rgb = np.ascontiguousarray(wall[:, i * shift_px : i * shift_px + 160])
        depth_m = np.full(rgb.shape[:2], 2.0, np.float32)
        frames.append(Sample(f"{i}", rgb, depth_m, sequence="wall", stamp_s=i / 10))
    return frames


@pytest.mark.parametrize("shift_px", [0, 3])
def test_without_poses_flow_says_which_points_are_the_same(shift_px: int):
    frames = textured(4, shift_px)
    columns = np.broadcast_to(np.arange(160), (120, 160))

    def said(number: int, sample: Sample) -> Prediction:
        painted = ((columns + number * shift_px) // 40 % 2).astype(np.uint8)  # on the wall itself
        return Prediction(sample.depth_m * np.float32(1.1**number), labels=painted)

    result = flicker(frames, said)
    assert result.pairs == result.by_flow == 3
    assert result.depth_log == pytest.approx(math.log(1.1), rel=1e-4)
    assert result.labels_changed is not None and result.labels_changed < 0.03
    assert (result.standing if shift_px == 0 else result.moving) is not None
    assert (result.moving if shift_px == 0 else result.standing) is None


def test_pictures_that_have_nothing_in_common_are_no_pair():
    one, other = textured(1, 0)[0], textured(1, 0)[0]
    noise = np.random.default_rng(9).integers(0, 255, one.rgb.shape).astype(np.uint8)
    metrics = FlickerMetrics()
    for sample in (one, other._replace(rgb=noise)):
        metrics.add(sample, Prediction(sample.depth_m))
    assert metrics.result() is None


def test_with_poses_flow_is_not_asked(walk: list[Sample]):
    assert flicker(walk, lambda _, s: Prediction(s.depth_m)).by_flow == 0
