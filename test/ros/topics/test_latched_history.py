# SPDX-License-Identifier: Apache-2.0
"""A latched topic's messages as its readers take them: by stamps."""

import random

import pytest

from tips_ros.ros.topics.latched_history import LatchedHistory


class Topic:
    """Publishes where the history says so; remembers what readers heard."""

    def __init__(self):
        self.history = LatchedHistory()
        self.said = []

    def frame(self, stamp, value):
        settled = self.history.settled
        if settled is not None and settled[0] <= stamp and settled[1] == value:
            assert not self.history.needs(stamp, value), "nobody would take another one"
        if self.history.needs(stamp, value):
            self.said.append((stamp, value))
            self.history.add(stamp, value)

    def early_reader(self, stamp):
        """One who heard all, and has for each stamp what was said of it last."""
        return self._latest(dict(self.said).items(), stamp)

    def late_reader(self, stamp):
        """One who came just now, and got the newest message alone."""
        return self._latest(self.said[-1:], stamp)

    def _latest(self, said, stamp):
        early = [entry for entry in said if entry[0] <= stamp]
        return max(early, key=lambda entry: entry[0])[1] if early else None


@pytest.fixture
def topic():
    return Topic()


def test_the_first_value_is_said(topic):
    topic.frame(5, "a")
    assert topic.said == [(5, "a")]


def test_what_stays_is_not_said_again(topic):
    for stamp in range(5, 50):
        topic.frame(stamp, "a")
    assert topic.said == [(5, "a")]


def test_a_change_is_said_with_the_stamp_of_its_first_frame(topic):
    for stamp, value in enumerate("aaabbba"):
        topic.frame(stamp, value)
    assert topic.said == [(0, "a"), (3, "b"), (6, "a")]


def test_a_loop_says_again_what_a_late_reader_could_not_know(topic):
    topic.frame(10, "a")
    topic.frame(20, "b")
    topic.frame(10, "b")  # the bag begins anew, with what was set meanwhile
    assert topic.late_reader(10) == topic.early_reader(10) == "b"


def test_a_loop_of_one_value_says_it_once_where_the_first_frame_said_it(topic):
    for stamp in (10, 11, 12, 10, 11, 12, 10):
        topic.frame(stamp, "a")
    assert topic.said == [(10, "a")]


def test_a_value_that_changes_back_in_a_loop_is_said_at_each_change(topic):
    for _ in range(3):
        for stamp, value in ((10, "a"), (20, "b"), (30, "c")):
            topic.frame(stamp, value)
            assert topic.early_reader(stamp) == topic.late_reader(stamp) == value


def test_it_is_settled_while_no_later_time_was_spoken_of(topic):
    assert topic.history.settled is None
    topic.frame(5, "a")
    assert topic.history.settled == (5, "a")
    topic.frame(2, "b")
    assert topic.history.settled is None, "a reader of 5 takes a"
    topic.frame(6, "b")
    assert topic.history.settled == (6, "b")


def test_the_callers_sameness_counts():
    history = LatchedHistory()
    history.add(1, 1.0)

    def near(said, needed):
        return abs(said - needed) < 0.1

    assert not history.needs(2, 1.05, near)
    assert history.needs(2, 1.2, near)


def test_it_remembers_a_bounded_number():
    history = LatchedHistory()
    for stamp in range(10_000):
        history.add(stamp, stamp)
    assert len(history._said) == len(history._stamps) < 5000


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_of_stamps_each_reader_reads_each_frame_right(topic, seed):
    rng = random.Random(seed)
    for _ in range(200):
        stamp, value = rng.randrange(30), rng.choice("abc")
        topic.frame(stamp, value)
        assert topic.late_reader(stamp) == value
        assert topic.early_reader(stamp) == value
