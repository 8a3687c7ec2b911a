# SPDX-License-Identifier: Apache-2.0
"""Depths that count in an evaluation."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.evaluation.depth_protocol import NYU_EIGEN, Crop, DepthProtocol


def test_invalid_truth_never_counts():
    truth = np.array([[1.0, np.nan, np.inf, -np.inf, 0.0, -2.0]], np.float32)
    assert DepthProtocol(0.0, np.inf).mask(truth).tolist() == [[True] + 5 * [False]]


def test_only_truth_between_the_limits_counts():
    truth = np.array([[0.5, 1.0, 1.5, 2.0, 2.5]], np.float32)
    assert DepthProtocol(1.0, 2.0).mask(truth).tolist() == [[False, False, True, False, False]]


def test_only_the_window_counts():
    counts = DepthProtocol(0.1, 10.0, Crop(1, 3, 2, 4, (4, 5))).mask(np.ones((4, 5), np.float32))
    assert np.argwhere(counts).tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]


def test_eigens_window_of_nyu_has_426_rows_and_560_columns():
    counts = NYU_EIGEN.mask(np.full((480, 640), 3.0, np.float32))
    rows, columns = np.nonzero(counts)
    assert counts.sum() == 426 * 560
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (45, 470, 41, 600)


def test_a_window_is_refused_for_images_of_another_size():
    with pytest.raises(ValueError, match=r"\(480, 640\).*\(240, 320\)"):
        NYU_EIGEN.mask(np.ones((240, 320), np.float32))
