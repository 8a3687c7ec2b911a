# SPDX-License-Identifier: Apache-2.0
"""A large memory costs a key frame no more than what is around its view."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tips_ros.perception.memory.nearby import nearby
from tips_ros.perception.memory.remembered import Remembered

from ..objects.scenes import seen
from .watch import LEFT, Watch


@pytest.fixture(scope="module")
def box() -> Remembered:
    (one,) = Watch()(LEFT)
    return one


def at(box: Remembered, x: float, y: float, number: int = 9) -> Remembered:
    """Another one, so far ahead of the camera and to its left."""
    other = copy.deepcopy(box)
    shift = np.array([x, y, 0.3]) - other.place_m
    other.number, other.place_m = number, other.place_m + shift
    other.low_m, other.high_m = (end + other.rotation.T @ shift for end in (box.low_m, box.high_m))
    return other


@pytest.mark.parametrize(
    ("x", "y", "is_near"),
    [(2, 0, True), (4.5, 2, True), (5.5, 0, True), (-1, 0, True), (9, 0, False), (-4, 0, False),
     (1, 6, False), (1, -6, False)],
)  # fmt: skip
def test_those_in_the_cone_of_sight_and_around_it_are_near(box, x, y, is_near):
    assert bool(nearby([at(box, x, y)], seen([LEFT]), 5.0)) == is_near


def test_one_that_a_jump_has_made_unsure_is_near_from_farther_away(box):
    one = at(box, 1, -6)
    one.unsure_m = 3.0
    assert nearby([one], seen([LEFT]), 5.0) == [one]


@pytest.mark.slow
def test_things_elsewhere_change_nothing_of_what_is_seen_here(box):
    alone, among = Watch(), Watch()
    for watch in (alone, among):
        watch(LEFT, frames=3, noise=0.02)
    among.memory.things += [at(box, x, y, 100 + x) for x in range(20, 40) for y in (-30, 30)]
    for watch in (alone, among):
        watch(LEFT, frames=4, noise=0.02)
    one, same = alone.memory.things[0], among.memory.things[0]
    assert one.low_m.tobytes() == same.low_m.tobytes() and one.hits == same.hits
    assert len(among.memory.things) == 41
    assert {o.presence for o in among.memory.things[1:]} == {box.presence}
