# SPDX-License-Identifier: Apache-2.0
"""IoU and accuracies against counting sets of pixels."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest

from tips_ros.evaluation.metrics.segmentation import SegmentationMetrics, confusion

IDS = np.array([0, 3, 17, 120, 253], np.uint8)


def labels(seed: int, ids: np.ndarray = IDS) -> np.ndarray:
    return np.random.default_rng(seed).choice(ids, (14, 19))


def by_hand(predicted: list[np.ndarray], truth: list[np.ndarray]) -> dict[int, tuple[float, float]]:
    """Class of the truth → (IoU, accuracy), with sets of (image, row, column)."""

    def pixels(images: list[np.ndarray], class_id: int) -> set[tuple[int, ...]]:
        return {
            (i, *at) for i, im in enumerate(images) for at in np.argwhere(im == class_id).tolist()
        }

    ignored = pixels(truth, 255)
    found = {}
    for class_id in range(255):
        true = pixels(truth, class_id)
        said = pixels(predicted, class_id) - ignored
        if true:
            found[class_id] = (len(true & said) / len(true | said), len(true & said) / len(true))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_every_number_is_the_one_of_its_definition(seed: int):
    truth = [labels(seed + 10), labels(seed + 20, np.array([3, 17, 255], np.uint8))]
    predicted = [np.where(labels(seed) < 100, t, labels(seed + 1)) for t in truth]
    predicted = [np.where(p == 255, 0, p).astype(np.uint8) for p in predicted]
    metrics = SegmentationMetrics()
    for p, t in zip(predicted, truth, strict=True):
        own = metrics.add(p, t)
        assert own == pytest.approx(fmean(iou for iou, _ in by_hand([p], [t]).values()))
    expected, result = by_hand(predicted, truth), metrics.result()
    assert result is not None and result.images == 2
    assert result.iou_of_class == pytest.approx({i: iou for i, (iou, _) in expected.items()})
    assert result.mean_iou == pytest.approx(fmean(iou for iou, _ in expected.values()))
    assert result.mean_accuracy == pytest.approx(fmean(acc for _, acc in expected.values()))
    counted = np.concatenate(truth) != 255
    right = (np.concatenate(truth) == np.concatenate(predicted)) & counted
    assert result.pixels == counted.sum() == sum(result.pixels_of_class.values())
    assert result.pixel_accuracy == pytest.approx(right.sum() / counted.sum())


@pytest.mark.quick
def test_a_class_that_the_truth_lacks_costs_the_others_but_has_no_iou_of_its_own():
    metrics = SegmentationMetrics()
    metrics.add(np.array([[0, 0, 1, 9]], np.uint8), np.array([[0, 0, 1, 1]], np.uint8))
    result = metrics.result()
    assert result is not None and result.iou_of_class == {0: 1.0, 1: 0.5}
    assert result.mean_iou == 0.75


def test_a_class_of_the_truth_that_is_never_said_has_iou_zero():
    metrics = SegmentationMetrics()
    metrics.add(np.zeros((2, 2), np.uint8), np.array([[0, 0], [0, 7]], np.uint8))
    result = metrics.result()
    assert result is not None and result.iou_of_class == {0: 0.75, 7: 0.0}


def test_an_unlabelled_prediction_is_wrong():
    metrics = SegmentationMetrics()
    metrics.add(np.full((1, 4), 255, np.uint8), np.zeros((1, 4), np.uint8))
    result = metrics.result()
    assert result is not None and result.pixel_accuracy == 0 and result.pixels == 4


def test_where_all_of_the_truth_is_ignored_nothing_is_measured():
    metrics = SegmentationMetrics()
    assert metrics.add(labels(1), np.full((14, 19), 255, np.uint8)) is None
    assert metrics.result() is None


def test_the_confusion_has_the_truth_in_rows():
    matrix = confusion(np.array([[5, 6]], np.uint8), np.array([[4, 255]], np.uint8))
    assert matrix[4, 5] == 1 and matrix.sum() == 1
