# SPDX-License-Identifier: Apache-2.0
"""A floor is followed, held for a while, and dropped with a word."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.ground.fit.plane_fit import FloorFit
from tips_ros.perception.ground.follower import FloorFollower
from tips_ros.perception.ground.plane import Plane


def fit(height_m: float = 0.5, pitch_deg: float = 0.0, up_sd: float = 1.0, sd: float = 0.03):
    turn = np.radians(pitch_deg)
    plane = Plane.of((0, -np.cos(turn), np.sin(turn)), height_m)
    return FloorFit(plane, up_sd, sd, 0.02, 900, 1000)


def pose(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> np.ndarray:
    """A camera that looks along its z, shifted."""
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def test_noise_from_frame_to_frame_is_smoothed():
    follower, rng = FloorFollower(), np.random.default_rng(0)
    heights = []
    for n in range(60):
        floor = follower.follow(n / 10, fit(0.5 * np.exp(0.03 * rng.standard_normal())), pose())
        heights.append(floor.plane.height_m)
    assert np.std(heights[10:]) < 0.5 * 0.03 * 0.5
    assert floor.status == "seen"


def test_a_frame_without_a_floor_holds_the_last_and_trusts_it_less():
    follower = FloorFollower()
    seen = follower.follow(0.0, fit())
    held = follower.follow(0.5, "too little floor in view")
    assert held.status == "held" and held.plane == seen.plane
    assert held.up_stddev_deg > seen.up_stddev_deg and held.height_stddev > seen.height_stddev
    assert held.age_s == pytest.approx(0.5) and held.note == "too little floor in view"
    far, near = held.deviation_m(np.float32([3.0, 0.5]))
    assert far > near > 0.5 * seen.height_stddev


@pytest.mark.parametrize("moves", [False, True])
def test_what_is_too_old_or_too_far_away_is_dropped_and_says_so(moves):
    follower = FloorFollower(max_held_s=2.0, max_held_m=1.0)
    follower.follow(0.0, fit(), pose())
    for n in range(1, 30):
        floor = follower.follow(n / 10, "no", pose(z=0.1 * n if moves else 0.0))
        if floor.status == "absent":
            break
    assert floor.plane is None and "old" in floor.note
    assert n == (11 if moves else 21)
    assert follower.follow(4.0, "no", pose()).status == "absent"
    assert follower.follow(4.1, fit(), pose()).status == "seen"


def test_a_held_floor_moves_with_the_camera():
    follower = FloorFollower()
    follower.follow(0.0, fit(0.5), pose())
    lifted = follower.follow(0.1, "no", pose(y=-0.2))  # y is down
    assert lifted.plane.height_m == pytest.approx(0.7)


def test_one_strange_frame_is_not_believed_and_three_are():
    follower = FloorFollower()
    for n in range(10):
        follower.follow(n / 10, fit(), pose())
    first = follower.follow(1.0, fit(0.9, 20), pose())
    assert first.status == "held" and first.plane.height_m == pytest.approx(0.5)
    follower.follow(1.1, fit(0.9, 20), pose())
    assert follower.follow(1.2, fit(0.9, 20), pose()).plane.height_m == pytest.approx(0.9)


def test_time_that_goes_back_begins_anew():
    follower = FloorFollower()
    follower.follow(5.0, fit(), pose())
    assert follower.follow(1.0, "no", pose()).status == "absent"
