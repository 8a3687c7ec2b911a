# SPDX-License-Identifier: Apache-2.0
"""The tree of transforms: times that begin anew, and what may be waited for."""

import threading
from contextlib import suppress

import numpy as np
import pytest
from rclpy.time import Time

from tips_ros.messages.transform_error import TransformError
from tips_ros.ros.transforms import tree as transform_tree
from tips_ros.ros.transforms.tree import TransformTree

from .. import tf2_stand_in
from ..tf_bench import KINDS, edge, put_in_place


@pytest.fixture(params=KINDS)
def tree(request, monkeypatch):
    put_in_place(request.param, monkeypatch)
    return TransformTree()


def say(tree, child, *times, parent="map"):
    """The frame is at x = its time."""
    for seconds in times:
        tree.set_transform(edge(parent, child, seconds, seconds), "somebody")


def x_of(tree, child, seconds, target="map"):
    return tree.matrix(target, child, Time(nanoseconds=round(seconds * 1e9)))[0, 3]


def error_of(tree, child, seconds, target="map"):
    with pytest.raises(TransformError) as caught:
        x_of(tree, child, seconds, target)
    return caught.value


def test_a_place_between_two_times_is_between_the_two(tree):
    say(tree, "base", 100.0, 101.0)
    assert x_of(tree, "base", 100.5) == pytest.approx(100.5)


def test_stamps_that_are_zero_ask_for_the_newest(tree):
    say(tree, "base", 100.0, 101.0)
    assert x_of(tree, "base", 0.0) == pytest.approx(101.0)


@pytest.mark.parametrize("back_s", [2.0, 29.0, 31.0, 400.0])
def test_a_frame_whose_time_begins_anew_is_known_at_the_new_time_at_once(tree, back_s):
    say(tree, "base", 500.0, 501.0)
    begin = 501.0 - back_s
    say(tree, "base", begin, begin + 0.1)
    assert x_of(tree, "base", begin + 0.05) == pytest.approx(begin + 0.05)
    assert error_of(tree, "base", 500.5), "the old time is gone"


def test_after_a_loop_nothing_is_refused_as_old(tree, capfd):
    for _ in range(3):
        say(tree, "base", *np.arange(100.0, 160.0, 0.5))
    assert "TF_OLD_DATA" not in capfd.readouterr().err
    assert tf2_stand_in.Buffer.old_data == 0


def test_a_small_step_back_is_a_message_in_the_wrong_order(tree):
    say(tree, "base", 100.0, 101.0, 100.5)
    assert x_of(tree, "base", 101.0) == pytest.approx(101.0)
    assert x_of(tree, "base", 100.25) == pytest.approx(100.25)


def test_each_frame_begins_its_new_time_with_its_own_first_transform(tree):
    for seconds in (100.0, 110.0):
        say(tree, "odom", seconds)
        say(tree, "base", seconds, parent="odom")
    say(tree, "base", 50.0, 50.1, parent="odom")
    say(tree, "odom", 50.0, 50.1)
    assert x_of(tree, "base", 50.0) == pytest.approx(100.0), "nothing of the new time was lost"


def test_two_clocks_that_tell_of_one_frame_leave_the_others_alone(tree):
    say(tree, "base", 1000.0)
    for step in range(5):
        say(tree, "wheel", 1000.0 + step, parent="base")
        say(tree, "wheel", 5.0 + step, parent="base")
        say(tree, "base", 1000.0 + step)
    assert x_of(tree, "base", 1000.5) == pytest.approx(1000.5)


def test_static_transforms_outlive_new_times(tree):
    tree.set_transform_static(edge("base", "camera", 0.0, 7.0), "somebody")
    say(tree, "base", 100.0)
    say(tree, "base", 10.0)
    assert x_of(tree, "camera", 10.0) == pytest.approx(17.0)
    tree.rewind(5 * 10**9)
    assert x_of(tree, "camera", 10.0, "base") == pytest.approx(7.0)


def test_a_clock_that_goes_back_takes_what_is_later_and_leaves_what_came_of_the_new_time(tree):
    say(tree, "base", 99.0, 100.0)
    say(tree, "odom", 99.0, 100.0)
    say(tree, "base", 20.0, 20.1)  # before /clock was heard
    tree.rewind(20 * 10**9)
    assert x_of(tree, "base", 20.05) == pytest.approx(20.05)
    assert error_of(tree, "odom", 99.5).may_come


def test_of_the_loop_before_nothing_comes_back_with_the_clock(tree, monkeypatch):
    monkeypatch.setattr(transform_tree, "_RECENT_S", 0.0)
    say(tree, "base", 20.0, 21.0)
    tree.rewind(20 * 10**9)
    error_of(tree, "base", 20.5)


@pytest.mark.parametrize(
    ("target", "source", "seconds", "may_come", "at_other_times"),
    [
        ("map", "base", 100.6, True, True),  # later than all
        ("map", "base", 99.9, False, True),  # said before anybody listened
        ("map", "base", 20.0, True, True),  # of a time that may begin now
        ("map", "nowhere", 100.2, True, False),
        ("nowhere", "base", 100.2, True, False),
        ("map", "island", 100.2, True, False),  # of another tree
        ("map", "", 100.2, False, False),
    ],
)
def test_an_error_says_what_waiting_can_help(
    tree, target, source, seconds, may_come, at_other_times
):
    say(tree, "base", 100.0, 100.5)
    say(tree, "island", 100.0, 100.5, parent="sea")
    error = error_of(tree, source, seconds, target)
    assert (error.may_come, error.at_other_times) == (may_come, at_other_times)
    assert f"from {source} to {target}" in str(error)


def test_the_slash_of_old_bags_is_no_part_of_a_frames_name(tree):
    say(tree, "/base", 100.0, 101.0, parent="/map")
    assert x_of(tree, "/base", 100.5, "/map") == pytest.approx(100.5)
    say(tree, "base", 10.0)
    assert x_of(tree, "base", 10.0) == pytest.approx(10.0)


def test_old_places_of_a_slow_machine_are_still_known(tree):
    say(tree, "base", *np.arange(100.0, 126.0, 0.5))
    assert x_of(tree, "base", 100.75) == pytest.approx(100.75)


def test_threads_that_tell_and_ask_at_once_never_see_a_frame_out_of_its_time(tree):
    """While a frame begins anew it is static for a moment; nobody must see that."""
    wrong, done = [], threading.Event()

    def ask():
        while not done.is_set():
            with suppress(TransformError):
                wrong.append(x_of(tree, "base", 700.0))

    asking = threading.Thread(target=ask)
    asking.start()
    for _ in range(300):
        say(tree, "base", 100.0, 101.0, 50.0)
    done.set()
    asking.join()
    assert not wrong
