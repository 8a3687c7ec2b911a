# SPDX-License-Identifier: Apache-2.0
"""Frames that hang on each other and move, asked for at a time."""

from __future__ import annotations

from math import cos, inf, nan, radians, sin

import numpy as np
import pytest

from tips_ros.perception.poses.pose import Pose
from tips_ros.perception.poses.transform_graph import TransformGraph, TransformUnknown

SECOND = 10**9


def pose(seconds: float, parent: str = "map", x: float = 0.0, yaw_deg: float = 0.0) -> Pose:
    half = radians(yaw_deg) / 2
    return Pose.from_ros(
        round(seconds * SECOND), parent, (x, 0.0, 0.0), (0.0, 0.0, sin(half), cos(half))
    )


def matrix(x: float, yaw_deg: float = 0.0) -> np.ndarray:
    c, s = cos(radians(yaw_deg)), sin(radians(yaw_deg))
    return np.array([[c, -s, 0, x], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


@pytest.fixture
def graph() -> TransformGraph:
    """A robot that drives and turns in odom, which drifts in map; its camera is fixed to it."""
    made = TransformGraph(kept_s=30.0)
    for seconds in (100.0, 101.0):
        made.add("base", pose(seconds, "odom", seconds - 100.0, 90 * (seconds - 100.0)))
        made.add("odom", pose(seconds, "map", 10.0 * (seconds - 100.0)))
    made.add("camera", pose(0.0, "base", 0.25), fixed=True)
    return made


def at(graph: TransformGraph, target: str, source: str, seconds: float) -> np.ndarray:
    return graph.matrix(target, source, round(seconds * SECOND))


def test_the_chain_is_walked_in_both_directions(graph: TransformGraph):
    there = matrix(10.0) @ matrix(1.0, 90.0) @ matrix(0.25)
    np.testing.assert_allclose(at(graph, "map", "camera", 101.0), there, atol=1e-12)
    back = at(graph, "camera", "map", 101.0)
    np.testing.assert_allclose(back, np.linalg.inv(there), atol=1e-12)


def test_between_two_times_a_frame_moves_straight_and_turns_evenly(graph: TransformGraph):
    np.testing.assert_allclose(at(graph, "odom", "base", 100.25), matrix(0.25, 22.5), atol=1e-12)


def test_it_turns_the_shorter_way_round():
    graph = TransformGraph()
    graph.add("base", pose(1.0, yaw_deg=170.0))
    graph.add("base", pose(2.0, yaw_deg=-170.0))
    np.testing.assert_allclose(at(graph, "map", "base", 1.5), matrix(0.0, 180.0), atol=1e-12)
    graph.add("base", Pose(3 * SECOND, "map", (0.0, 0.0, 0.0), pose(2.0, yaw_deg=190.0).quaternion))
    np.testing.assert_allclose(at(graph, "map", "base", 2.5), matrix(0.0, -170.0), atol=1e-12)


def test_two_branches_meet_at_the_frame_that_is_above_both(graph: TransformGraph):
    graph.add("lidar", pose(0.0, "base", -1.0), fixed=True)
    # Their own poses are all that it takes: map and odom are not known at that time.
    np.testing.assert_allclose(at(graph, "lidar", "camera", 7.0), matrix(1.25), atol=1e-12)


@pytest.mark.parametrize(
    ("seconds", "why"), [(99.5, "past: it is known from 100.000"), (101.5, "up to 101.000 s")]
)
def test_before_the_first_and_after_the_last_time_nobody_knows(
    graph: TransformGraph, seconds: float, why: str
):
    with pytest.raises(TransformUnknown, match=why) as caught:
        at(graph, "map", "camera", seconds)
    assert caught.value.at_other_times
    assert caught.value.newest_ns == 101 * SECOND


def test_the_newest_common_time_is_that_of_the_frame_that_lags(graph: TransformGraph):
    graph.add("base", pose(103.0, "odom"))
    assert graph.newest_common_ns("map", "camera") == 101 * SECOND
    assert graph.newest_common_ns("odom", "camera") == 103 * SECOND
    assert graph.newest_common_ns("base", "camera") == 0
    graph.add("boat", pose(1.0, "sea"))
    assert graph.newest_common_ns("map", "boat") is None


@pytest.mark.parametrize("target", ["nowhere", ""])
def test_a_frame_that_nobody_named_does_not_exist(graph: TransformGraph, target: str):
    with pytest.raises(TransformUnknown, match=f'"{target}" does not exist') as caught:
        at(graph, target, "camera", 100.5)
    assert not caught.value.at_other_times


def test_frames_of_two_trees_are_not_connected(graph: TransformGraph):
    graph.add("boat", pose(1.0, "sea"), fixed=True)
    with pytest.raises(TransformUnknown, match='"boat" and "map" are not connected') as caught:
        at(graph, "map", "boat", 100.5)
    assert not caught.value.at_other_times


def test_what_came_in_the_wrong_order_has_its_place_and_the_first_of_two_counts():
    graph = TransformGraph()
    for seconds, x in ((1.0, 1.0), (3.0, 3.0), (2.0, 20.0), (2.0, 99.0), (3.0, 99.0)):
        graph.add("base", pose(seconds, x=x))
    found = [at(graph, "map", "base", s)[0, 3] for s in (1.0, 1.5, 2.0, 2.5, 3.0)]
    assert found == pytest.approx([1.0, 10.5, 20.0, 11.5, 3.0])


def test_memory_ends_with_what_is_kept():
    graph = TransformGraph(kept_s=30.0)
    for step in range(5000):
        graph.add("base", pose(step / 10))
    assert len(graph) == 302, "and the one that the last one outlived"
    graph.add("base", pose(400.0, x=7.0))
    assert len(graph) == 301, "what is older than that does not come back"
    at(graph, "map", "base", 470.0)
    with pytest.raises(TransformUnknown):
        at(graph, "map", "base", 469.8)


def test_a_frame_that_changes_its_parent_hangs_on_each_in_its_time():
    graph = TransformGraph()
    graph.add("tray", pose(0.0, "map", 5.0), fixed=True)
    for seconds, parent, x in ((1.0, "map", 1.0), (2.0, "tray", 2.0), (3.0, "tray", 4.0)):
        graph.add("cup", pose(seconds, parent, x))
    found = [at(graph, "map", "cup", s)[0, 3] for s in (1.5, 2.0, 2.5)]
    assert found == pytest.approx([1.0, 7.0, 8.0])


def test_what_moves_can_be_forgotten_and_what_is_fixed_stays(graph: TransformGraph):
    graph.forget_moving()
    np.testing.assert_allclose(at(graph, "base", "camera", 5.0), matrix(0.25))
    with pytest.raises(TransformUnknown, match="since time began anew") as caught:
        at(graph, "map", "camera", 100.5)
    assert caught.value.at_other_times and caught.value.newest_ns is None


def test_a_frame_that_turns_fixed_and_back_begins_anew(graph: TransformGraph):
    graph.add("base", pose(0.0, "odom", 3.0), fixed=True)
    np.testing.assert_allclose(at(graph, "odom", "base", 5.0), matrix(3.0))
    graph.add("base", pose(7.0, "odom", 4.0))
    with pytest.raises(TransformUnknown):
        at(graph, "odom", "base", 100.5)
    np.testing.assert_allclose(at(graph, "odom", "base", 7.0), matrix(4.0))


def test_frames_in_a_circle_come_to_an_end():
    graph = TransformGraph()
    graph.add("a", pose(1.0, "b", 1.0))
    graph.add("b", pose(1.0, "a", 2.0))
    assert np.isfinite(at(graph, "b", "a", 1.0)).all()
    assert graph.ancestors("a") == ["a", "b"]
    with pytest.raises(TransformUnknown):
        at(graph, "b", "a", 1.5)


@pytest.mark.parametrize(
    ("child", "parent"), [("", "map"), ("base", ""), ("base", "base")], ids=str
)
def test_a_frame_without_a_name_or_in_itself_is_refused(child: str, parent: str):
    with pytest.raises(ValueError, match=f'no frame "{child}" can be in "{parent}"'):
        TransformGraph().add(child, pose(1.0, parent))


@pytest.mark.parametrize(
    ("translation", "quaternion"),
    [
        ((0, 0, 0), (0, 0, 0, 0)),
        ((0, 0, 0), (0, 0, nan, 1)),
        ((0, 0, 0), (0, 0, inf, 1)),
        ((0, nan, 0), (0, 0, 0, 1)),
        ((0, 0, inf), (0, 0, 0, 1)),
    ],
)
def test_what_is_no_pose_is_refused(translation, quaternion):
    with pytest.raises(ValueError, match="is no"):
        Pose.from_ros(0, "map", translation, quaternion)


def test_a_quaternion_that_is_not_quite_of_unit_length_is_a_rotation():
    longer = Pose.from_ros(0, "map", (0.0, 0.0, 0.0), (0.0, 0.0, 2.0, 2.0))
    np.testing.assert_allclose(longer.matrix, matrix(0.0, 90.0), atol=1e-12)


def test_after_a_long_pause_the_pose_before_it_still_leads_to_the_next():
    graph = TransformGraph(kept_s=10.0)
    for seconds in (1.0, 2.0, 30.0):
        graph.add("base", pose(seconds, x=seconds))
    assert at(graph, "map", "base", 16.0)[0, 3] == pytest.approx(16.0), "as in tf2"
    graph.add("base", pose(30.1, x=30.1))
    with pytest.raises(TransformUnknown, match="past"):
        at(graph, "map", "base", 16.0)
