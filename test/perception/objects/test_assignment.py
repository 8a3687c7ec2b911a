# SPDX-License-Identifier: Apache-2.0
"""Pairs of least cost, of those that may be."""

import numpy as np

from tips_ros.perception.objects.assignment import assign

COST = np.array([[1.0, 2.0], [1.2, 9.0]])
EVERY = np.ones((2, 2), bool)


def test_the_sum_counts_and_not_the_nearest_first():
    assert assign(COST, EVERY) == [(0, 1), (1, 0)]


def test_what_may_not_be_is_no_pair():
    only = np.array([[True, False], [True, False]])
    assert assign(COST, only) == [(0, 0)]
    assert assign(COST, ~EVERY) == []
    assert assign(np.empty((0, 3)), np.empty((0, 3), bool)) == []
