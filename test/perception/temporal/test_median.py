# SPDX-License-Identifier: Apache-2.0
"""The median is numpy's to the last bit, whatever the numbers are."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.temporal.median import median_of

_RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2, 3, 10, 2159, 2160])
def test_it_is_numpys_for_odd_and_even_counts(kind, count):
    numbers = _RANDOM.normal(size=count).astype(kind)
    assert median_of(numbers) == np.median(numbers)
    assert median_of(numbers).dtype == np.median(numbers).dtype


def test_numbers_that_repeat_or_are_infinite_count_as_any_other():
    levels = _RANDOM.integers(-3, 3, 1000).astype(np.float32)
    assert median_of(levels) == np.median(levels)
    levels[:300] = np.inf
    assert median_of(levels) == np.median(levels)


def test_a_view_of_a_map_is_read_as_it_is_and_left_so():
    field = _RANDOM.normal(size=(40, 56)).astype(np.float32)
    before = field.copy()
    assert median_of(field[::3, ::3]) == np.median(field[::3, ::3])
    assert median_of(field) == np.median(field)
    np.testing.assert_array_equal(field, before)
