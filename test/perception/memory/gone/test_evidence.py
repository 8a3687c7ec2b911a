# SPDX-License-Identifier: Apache-2.0
"""Evidence that a place is empty, by what is seen at the points of a thing."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.memory.gone.evidence import Look, emptiness

from ..watch import LEFT, Watch

CLASS = 7


@pytest.fixture(scope="module")
def box():
    (one,) = Watch()(LEFT)
    one.solid = np.ones(27, np.float32)
    return one


def look(beyond_m: list[float], label: int = 255, other: bool = False) -> Look:
    """Points that see what is so much farther than the thing; NaN: not in view. One σ is 10 cm."""
    beyond = np.resize(np.array(beyond_m), (1, 27))
    return Look(
        in_view=~np.isnan(beyond),
        beyond_m=np.nan_to_num(beyond),
        sigma_m=np.full((1, 27), 1e-6),
        label=np.full((1, 27), label, np.uint8),
        other=np.full((1, 27), other),
        common_m=np.array([0.1]),
        half_m=np.array([0.2]),
    )


@pytest.mark.parametrize(
    ("beyond_m", "sure"), [(-0.1, 0), (0.1, 0), (0.15, 0.5), (0.2, 1), (0.3, 1.5), (0.4, 2), (9, 2)]
)
def test_it_is_the_surer_the_farther_what_is_seen_there(box, beyond_m, sure):
    assert emptiness([box], look([beyond_m]), {}) == pytest.approx([sure])


def test_a_part_of_the_place_in_view_tells_that_part_of_it(box):
    assert emptiness([box], look([1.0, np.nan, np.nan]), {}) == pytest.approx([2 / 3])
    assert emptiness([box], look([1.0, *8 * [np.nan]]), {}) == [0]


def test_what_stands_before_it_tells_nothing(box):
    assert emptiness([box], look([1.0, -0.8, -0.8]), {}) == pytest.approx([2 / 3])
    assert emptiness([box], look([-0.8]), {}) == [0]


def test_its_own_front_does_not_hide_it(box):
    assert emptiness([box], look([-0.15, -0.15, 0.5]), {}) == [0]


def test_where_its_name_is_it_is_not_empty(box):
    assert emptiness([box], look([0.3], CLASS), {"box": CLASS}) == [0]
    assert emptiness([box], look([0.3], CLASS), {"lamp": CLASS}) == pytest.approx([1.5])
    assert emptiness([box], look([3.0], CLASS), {"box": CLASS}) == [2], "another one, behind it"


def test_where_another_one_of_its_name_is_it_is_empty(box):
    assert emptiness([box], look([0.3], CLASS, other=True), {"box": CLASS}) == pytest.approx([1.5])
