# SPDX-License-Identifier: Apache-2.0
"""The boundary F score against distances between all pairs of pixels."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.evaluation.metrics.boundary import BoundaryMetrics, border, boundary_score


def split(column: int, size: tuple[int, int] = (20, 40)) -> np.ndarray:
    """Two halves; the second begins at the column."""
    labels = np.zeros(size, np.uint8)
    labels[:, column:] = 1
    return labels


def blobs(seed: int) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 4, (4, 5))
    return np.kron(small, np.ones((6, 5), np.int64)).astype(np.uint8)


def border_by_hand(labels: np.ndarray) -> list[tuple[int, int]]:
    height, width = labels.shape
    found = []
    for r in range(height):
        for c in range(width):
            around = [(r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)]
            beside = [labels[y, x] for y, x in around if 0 <= y < height and 0 <= x < width]
            if labels[r, c] != 255 and any(b not in (labels[r, c], 255) for b in beside):
                found.append((r, c))
    return found


def near(pixels: list[tuple[int, int]], others: list[tuple[int, int]], reach: float) -> list[bool]:
    if not others:
        return [False] * len(pixels)
    gaps = np.linalg.norm(np.array(pixels)[:, None] - np.array(others)[None], axis=2)
    return (gaps.min(axis=1) <= reach).tolist()


@pytest.mark.parametrize("tolerance_px", [0.0, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_score_is_the_one_of_its_definition(seed: int, tolerance_px: float):
    truth, labels = blobs(seed), np.roll(blobs(seed), (1, 2), axis=(0, 1))
    labels[3:8, 11:17] = 7
    truth[10:14, 3:9] = 255
    true, said = border_by_hand(truth), border_by_hand(labels)
    right = near(said, true, tolerance_px)
    hidden = near(said, np.argwhere(truth == 255).tolist(), tolerance_px)
    judged = [r for r, h in zip(right, hidden, strict=True) if r or not h]
    precision, recall = np.mean(judged), np.mean(near(true, said, tolerance_px))
    score = boundary_score(labels, truth, tolerance_px)
    assert score is not None
    assert score.precision == pytest.approx(precision) and score.recall == pytest.approx(recall)
    assert score.f == pytest.approx(2 * precision * recall / (precision + recall))


def test_a_border_lies_on_both_sides_of_the_change():
    assert np.unique(np.nonzero(border(split(17)))[1]).tolist() == [16, 17]


def test_an_ignored_pixel_makes_no_border():
    labels = split(17)
    labels[:, 17] = 255
    assert not border(labels).any()


@pytest.mark.parametrize(("shift_px", "f"), [(0, 1.0), (3, 1.0), (4, 0.5), (5, 0.0)])
def test_a_shifted_border_is_right_within_the_tolerance(shift_px: int, f: float):
    # Each border is two pixels wide, so that at 4 px the nearer halves still meet.
    score = boundary_score(split(12 + shift_px), split(12), 3.0)
    assert score is not None and score.f == f


def test_what_the_regions_are_called_does_not_matter():
    score = boundary_score(split(12) + 5, split(12))
    assert score == (1.0, 1.0, 1.0)


def test_a_prediction_without_borders_scores_zero():
    assert boundary_score(np.zeros((20, 40), np.uint8), split(12)) == (0.0, 0.0, 0.0)


def test_images_without_a_true_border_are_not_gathered():
    metrics = BoundaryMetrics()
    assert metrics.add(split(12), np.zeros((20, 40), np.uint8)) is None
    assert metrics.add(split(12), np.full((20, 40), 255, np.uint8)) is None
    assert metrics.result() is None


def test_the_result_is_the_mean_over_images():
    metrics = BoundaryMetrics(2.0)
    metrics.add(split(12), split(12))
    metrics.add(split(30), split(12))
    assert metrics.result() == (0.5, 0.5, 0.5, 2.0, 2)
