# SPDX-License-Identifier: Apache-2.0
"""A forecast of a long work is not made too early, and does not swing."""

from __future__ import annotations

import itertools
import random

import pytest

from tips_ros.pace import ENOUGH, Pace
from tips_ros.progress import readable_duration


def forecasts(durations: list[float], before_s: float = 0.0) -> list[float | None]:
    """The forecasts after each unit that took so long, of work that began with something else."""
    pace, said, now = Pace(), [], before_s
    for done, duration in enumerate(durations, start=1):
        now += duration
        pace.add(now, done)
        said.append(pace.left_s(now, done, len(durations)))
    return said


def test_nothing_is_said_before_there_are_enough_nor_at_the_end():
    said = forecasts([1.0] * 20)
    assert said[: ENOUGH - 1] == [None] * (ENOUGH - 1) and ENOUGH == 10
    assert all(left is not None for left in said[ENOUGH - 1 : -1]) and said[-1] is None


def test_an_even_pace_is_told_exactly():
    said = forecasts([0.5] * 40)
    assert said[19] == pytest.approx(10) and said[38] == pytest.approx(0.5)


def test_what_came_before_the_first_is_forgotten():
    """A model that takes 20 s to load says nothing of how long an image takes."""
    said = forecasts([0.1] * 1000, before_s=20)
    assert said[499] == pytest.approx(50, rel=0.01)


def test_uneven_units_do_not_make_it_swing():
    rng = random.Random(3)
    said = forecasts([rng.choice((0.05, 0.05, 0.05, 1.0)) for _ in range(400)])
    told = [(done, left) for done, left in enumerate(said, start=1) if left is not None]
    for (_, before), (done, left) in itertools.pairwise(told):
        if 50 <= done <= 390:
            assert abs(left - before) <= 0.25 * before + 1.2


def test_a_pace_that_changes_is_followed():
    said = forecasts([0.1] * 100 + [1.0] * 300)
    assert said[299] == pytest.approx(100, rel=0.05)


def test_a_work_that_stands_still_says_nothing():
    pace = Pace()
    for second in range(100):
        pace.add(second, min(second, 20))
    assert pace.left_s(100, 20, 40) is None


def test_a_long_work_remembers_little():
    pace = Pace()
    for second in range(100_000):
        pace.add(second, second)
    assert len(pace._seen) <= 512
    assert pace.left_s(100_000, 100_000, 200_000) == pytest.approx(100_000, rel=0.02)


@pytest.mark.parametrize(
    ("seconds", "told"), [(3.4, "3 s"), (89, "89 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_a_duration_is_told_no_more_exactly_than_it_is_known(seconds: float, told: str):
    assert readable_duration(seconds) == told
