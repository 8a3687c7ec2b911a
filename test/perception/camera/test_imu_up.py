# SPDX-License-Identifier: Apache-2.0
"""Up by an IMU: its orientation where gravity agrees, else its acceleration while it is at rest."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tips_ros.perception.camera.imu_up import GRAVITY, GravityFilter, ImuReading


def tilted(pitch_deg: float, roll_deg: float = 0.0, yaw_deg: float = 0.0):
    """The quaternion (x, y, z, w) of an IMU in the world, and up in the IMU."""
    r, p, y = (math.radians(angle) / 2 for angle in (roll_deg, pitch_deg, yaw_deg))
    cr, sr, cp, sp, cy, sy = (f(a) for a in (r, p, y) for f in (math.cos, math.sin))
    quaternion = (
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
        cr * cp * cy + sr * sp * sy,
    )
    r, p = 2 * r, 2 * p
    return quaternion, np.array(
        [-math.sin(p), math.cos(p) * math.sin(r), math.cos(p) * math.cos(r)]
    )


UNKNOWN = (0.0, 0.0, 0.0, 0.0)


def fed(readings, start_s: float = 0.0, rate_hz: float = 100.0) -> GravityFilter:
    found = GravityFilter()
    for number, (orientation, acceleration, turning) in enumerate(readings):
        found.add(ImuReading(start_s + number / rate_hz, orientation, acceleration, turning))
    return found


def off_deg(found, up) -> float:
    return math.degrees(math.acos(min(1.0, float(found.vector @ up))))


@pytest.mark.parametrize(("pitch", "roll", "yaw"), [(0, 0, 0), (10, -5, 130), (-30, 60, 20)])
def test_an_orientation_tells_up_whatever_the_heading(pitch, roll, yaw):
    quaternion, up = tilted(pitch, roll, yaw)
    found = fed([(quaternion, None, None)])
    assert off_deg(found.at(0.0), up) < 1e-4 and found.note == ""


@pytest.mark.parametrize("orientation", [None, UNKNOWN, (math.nan, 0.0, 0.0, 1.0)])
def test_without_an_orientation_gravity_tells_up_through_noise(orientation):
    rng, (_, up) = np.random.default_rng(0), tilted(12, -4)
    pulls = GRAVITY * up + 0.1 * rng.normal(size=(100, 3))
    found = fed([(orientation, tuple(pull), None) for pull in pulls])
    assert off_deg(found.at(0.99), up) < 0.5
    assert found.at(0.99).stddev_deg > fed([(tilted(12)[0], None, None)]).at(0.0).stddev_deg


def test_a_robot_that_accelerates_is_not_believed_and_what_was_before_holds_for_a_moment():
    _, up = tilted(0)
    still = [(None, tuple(GRAVITY * up), None)] * 100
    pushed = [(None, (3.0, 0.0, GRAVITY), None)] * 80
    assert off_deg(fed(still + pushed).at(1.79), up) < 1e-4
    for_long = fed(still + pushed * 3)
    assert for_long.at(3.39) is None and for_long.note.startswith("its nearest reading")


def test_turning_adds_to_what_is_felt_and_is_left_out():
    _, up = tilted(0)
    still = [(None, tuple(GRAVITY * up), (0.0, 0.0, 0.0))] * 100
    turning = [(None, (0.35, 0.0, GRAVITY), (0.0, 0.0, 2.0))] * 50
    assert off_deg(fed(still + turning).at(1.49), up) < 1e-4


@pytest.mark.parametrize("length", [0.0, 1.0, 0.1, math.nan, 96.0])
def test_an_acceleration_that_is_no_gravity_is_told_with_the_fix(length):
    found = fed([(None, (0.0, 0.0, length), None)] * 100)
    assert found.at(0.99) is None
    assert "publish m/s², gravity included" in found.note


def test_an_orientation_that_gravity_contradicts_is_told_and_gravity_is_taken():
    """A driver that has none and says "no turn"; or one whose z points down."""
    _, up = tilted(40)
    found = fed([((0.0, 0.0, 0.0, 1.0), tuple(GRAVITY * up), None)] * 100)
    assert off_deg(found.at(0.99), up) < 1e-4 and "40 degrees off" in found.note
    assert "orientation_covariance[0] to -1" in found.note


def test_a_little_tilt_of_an_acceleration_is_no_contradiction():
    quaternion, up = tilted(5)
    pull = GRAVITY * tilted(8)[1]
    found = fed([(quaternion, tuple(pull), None)] * 100)
    assert off_deg(found.at(0.99), up) < 1e-4 and found.note == ""


def test_an_old_reading_is_not_used_and_the_nearest_of_many_is():
    found = GravityFilter()
    for number in range(100):
        found.add(ImuReading(0.01 * number, tilted(number / 10)[0], None, None))
    assert off_deg(found.at(0.5), tilted(5.0)[1]) < 0.01
    assert found.at(2.0) is None and "1.01 s from the image" in found.note


def test_time_that_jumps_back_begins_anew():
    found = fed([(tilted(0)[0], None, None)] * 10, start_s=50.0)
    found.add(ImuReading(1.0, tilted(20)[0], None, None))
    assert off_deg(found.at(1.0), tilted(20)[1]) < 1e-4 and found.at(50.0) is None


def test_nothing_at_all_is_told_as_such():
    assert GravityFilter().at(0.0) is None
    found = fed([(None, None, None)] * 10)
    assert found.at(0.0) is None and "neither orientation nor acceleration" in found.note
