# SPDX-License-Identifier: Apache-2.0
"""Differences that are known are found."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tips_ros.bench.differences import Outcome, differences
from tips_ros.model.tips import DenseMaps


def outcome() -> Outcome:
    generator = torch.Generator().manual_seed(3)
    depth = torch.rand(1, 1, 6, 8, generator=generator) + 1
    normals = torch.randn(1, 3, 6, 8, generator=generator)
    logits = torch.randn(1, 5, 6, 8, generator=generator)
    return Outcome(DenseMaps(depth, normals, logits), np.arange(48).reshape(6, 8) % 5)


def test_the_same_is_the_same():
    found = differences(outcome(), outcome())
    assert found.labels_equal == 1.0
    assert all(value == pytest.approx(0, abs=1e-9) for value in found[:-1])


def test_a_difference_is_told_as_a_share_of_the_largest_value():
    reference = outcome()
    maps = reference.maps._replace(segmentation=reference.maps.segmentation.clone())
    largest = float(maps.segmentation.abs().max())
    maps.segmentation[0, 2, 3, 4] += 0.25 * largest
    assert differences(reference._replace(maps=maps), reference).logits_largest == pytest.approx(
        0.25, rel=1e-5
    )


def test_depth_is_compared_with_itself():
    reference = outcome()
    maps = reference.maps._replace(depth=reference.maps.depth * 1.02)
    assert differences(reference._replace(maps=maps), reference).depth_p95 == pytest.approx(
        0.02, rel=1e-3
    )


def test_normals_are_compared_in_degrees_whatever_their_length():
    reference = outcome()
    turn = math.radians(2)
    rotation = torch.tensor(
        [[1, 0, 0], [0, math.cos(turn), -math.sin(turn)], [0, math.sin(turn), math.cos(turn)]]
    )
    upright = torch.zeros(1, 3, 6, 8)
    upright[:, 2] = 1
    reference = reference._replace(maps=reference.maps._replace(normals=upright))
    turned = 3 * torch.einsum("ij,bjhw->bihw", rotation, upright)
    found = differences(reference._replace(maps=reference.maps._replace(normals=turned)), reference)
    assert found.normals_p95_deg == pytest.approx(2, rel=1e-3)


def test_labels_are_counted():
    labels = outcome().labels.copy()
    labels[0, :6] += 1
    assert differences(outcome()._replace(labels=labels), outcome()).labels_equal == 42 / 48
