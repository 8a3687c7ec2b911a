# SPDX-License-Identifier: Apache-2.0
"""Pixels are counted by class, also in images of several portions."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.semantic.class_counts import class_counts


@pytest.mark.parametrize("shape", [(1, 1), (480, 640), (1500, 1600)])
def test_each_class_has_its_number_of_pixels(shape: tuple[int, int]):
    labels = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    counts = class_counts(labels)
    assert counts.sum() == labels.size and counts.shape == (256,)
    for some in (0, 7, 255):
        assert counts[some] == np.count_nonzero(labels == some)


def test_a_view_is_counted_as_its_copy():
    labels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    some = labels[::2, ::2]
    np.testing.assert_array_equal(class_counts(some), class_counts(some.copy()))
