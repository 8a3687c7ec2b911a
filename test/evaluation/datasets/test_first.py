# SPDX-License-Identifier: Apache-2.0
"""The beginning of a dataset is one."""

from __future__ import annotations

import pytest

from tips_ros.evaluation.datasets.first import First


@pytest.fixture
def five(dataset, frame):
    return dataset([frame(n) for n in range(5)], class_names={0: "wall"}, name="five")


@pytest.mark.quick
def test_only_the_first_are_looked_at(five):
    first = First(five, 2)
    assert len(first) == 2 and [s.name for s in first] == ["000000", "000001"]
    assert first.name == "five, the first 2 of 5"
    assert first.class_names == {0: "wall"} and first.depth_protocol == five.depth_protocol


def test_a_limit_above_the_number_of_images_changes_nothing(five):
    first = First(five, 9)
    assert (len(first), len(list(first)), first.name) == (5, 5, "five")
