# SPDX-License-Identifier: Apache-2.0
"""A LaserScan becomes points, at the time of each beam; one that makes no sense is told why."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tips_ros.messages.decoding import read_scan
from tips_ros.messages.scan_placement import beams_seen_by
from tips_ros.messages.transform_error import TransformError

QUARTER = math.pi / 2


def scan(ranges: list[float], **changed: Any) -> SimpleNamespace:
    fields = {
        "angle_min": 0.0,
        "angle_max": QUARTER * (len(ranges) - 1),
        "angle_increment": QUARTER,
        "time_increment": 0.0,
        "range_min": 0.1,
        "range_max": 10.0,
        "ranges": ranges,
    }
    return SimpleNamespace(**{**fields, **changed})


def test_beams_end_where_their_angle_and_range_say():
    found = read_scan(scan([1.0, 2.0, 3.0], time_increment=0.01))
    np.testing.assert_allclose(
        found.points, [[1, 0, 0], [0, 2, 0], [-3, 0, 0]], atol=1e-12
    )
    np.testing.assert_allclose(found.after_s, [0, 0.01, 0.02])


def test_what_hit_nothing_is_left_out():
    found = read_scan(
        scan([math.nan, math.inf, -math.inf, -1.0, 0.0, 0.05, 12.0, 4.0], time_increment=0.1)
    )
    assert found.points.shape == (1, 3) and found.after_s[0] == pytest.approx(0.7)


def test_an_infinite_range_max_and_a_range_min_of_0_are_no_limits():
    assert len(read_scan(scan([0.0, 3.0, 500.0], range_min=0.0, range_max=math.inf)).points) == 2


@pytest.mark.parametrize("more", [-2, -1, 0, 1, 2])
def test_drivers_round_the_number_of_their_beams(more):
    read_scan(scan([1.0] * 40, angle_max=QUARTER * (39 + more)))


@pytest.mark.parametrize("count", [0, 1])
def test_a_scan_of_few_beams_is_none_at_all_or_one(count):
    empty = scan([1.0] * count, angle_increment=0.0 if count else QUARTER)
    assert len(read_scan(empty).points) == count


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"angle_increment": 0.0}, "angle_increment 0"),
        ({"angle_increment": math.nan}, "angle_increment"),
        ({"angle_min": math.inf}, "angle_min inf"),
        ({"angle_increment": -QUARTER}, "40 ranges, but"),
        ({"angle_max": 1.0}, "40 ranges, but"),
        ({"range_min": 10.0}, "range_min 10 to range_max 10"),
        ({"range_min": math.nan}, "range_min nan"),
        ({"range_min": -1.0}, "range_min -1"),
        ({"time_increment": -0.001}, "time_increment -0.001"),
        ({"time_increment": math.nan}, "time_increment nan"),
        ({"time_increment": 1.0}, "time_increment 1"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_with_the_field_to_fix(changed, word):
    with pytest.raises(ValueError, match=word) as told:
        read_scan(scan([1.0] * 40, **changed))
    assert "driver" in str(told.value) and "\n" not in str(told.value)


class Moving:
    """A robot that drives along x of odom with 1 m/s and turns; its camera and LiDAR are one."""

    def __init__(self, known_until_s: float = math.inf, turns: float = 0.0) -> None:
        self.known_until_s, self.turns = known_until_s, turns

    def transform(self, target: str, source: str, stamp: Any) -> np.ndarray:
        matrix = np.eye(4)
        if (target, source) == ("camera", "laser"):
            return matrix
        if target != "odom":
            raise TransformError("no such frame", may_come=True)
        at = stamp.sec + stamp.nanosec / 1e9
        if at > self.known_until_s:
            raise TransformError("too new", may_come=True, at_other_times=True)
        angle = self.turns * at
        matrix[:2, :2] = [
            [math.cos(angle), -math.sin(angle)],
            [math.sin(angle), math.cos(angle)],
        ]
        matrix[0, 3] = at
        return matrix


class Stamp(SimpleNamespace):
    pass


def header(frame: str, seconds: float) -> SimpleNamespace:
    whole = int(seconds)
    return SimpleNamespace(
        frame_id=frame, stamp=Stamp(sec=whole, nanosec=round((seconds - whole) * 1e9))
    )


def seen(frames: Moving, world: str = "odom", wait: bool = False) -> np.ndarray:
    """A wall at x = 5 of odom, by a LiDAR that takes 0.1 s for its sweep from 3 s on."""
    beams = read_scan(
        scan(
            [5.0 - (3.0 + 0.01 * n) for n in range(11)],
            angle_increment=1e-9,
            angle_max=1e-8,
            time_increment=0.01,
        )
    )
    return beams_seen_by(
        header("camera", 3.05), header("laser", 3.0), beams, frames, world, wait
    )


def test_each_beam_is_seen_from_where_the_camera_was_at_its_image():
    np.testing.assert_allclose(seen(Moving())[:, 0], 5 - 3.05, atol=1e-6)


def test_without_a_world_the_robot_is_taken_to_stand():
    np.testing.assert_allclose(seen(Moving(), "")[:, 0], 2 - 0.01 * np.arange(11), atol=1e-6)
    np.testing.assert_allclose(seen(Moving(), "map")[:, 0], 2 - 0.01 * np.arange(11), atol=1e-6)


def test_a_pose_that_is_late_is_waited_for_as_long_as_that_is_worth_it():
    late = Moving(known_until_s=3.07)
    with pytest.raises(TransformError, match="too new"):
        seen(late, wait=True)
    np.testing.assert_allclose(seen(late)[:, 0], 2 - 0.01 * np.arange(11), atol=1e-6)


def test_a_turn_within_the_sweep_is_followed():
    """A point that stands 4 m ahead of odom's origin, while the robot turns with 1 rad/s."""
    turning = Moving(turns=1.0)
    point, ranges, angles = np.array([4.0, 0, 0]), [], []
    for n in range(11):
        at = 0.01 * n
        way = point[:2] - [at, 0.0]
        ranges.append(math.hypot(*way))
        angles.append(math.atan2(way[1], way[0]) - at)
    step = (angles[-1] - angles[0]) / 10
    beams = read_scan(
        scan(
            ranges,
            angle_min=angles[0],
            angle_max=angles[-1],
            angle_increment=step,
            time_increment=0.01,
        )
    )
    found = beams_seen_by(
        header("camera", 0.05), header("laser", 0.0), beams, turning, "odom", False
    )
    turned = np.array([math.cos(0.05) * 3.95, -math.sin(0.05) * 3.95, 0])
    np.testing.assert_allclose(found, np.tile(turned, (11, 1)), atol=0.01)
    still = beams_seen_by(header("camera", 0.05), header("laser", 0.0), beams, turning, "", False)
    assert np.abs(still - turned).max() > 0.1
