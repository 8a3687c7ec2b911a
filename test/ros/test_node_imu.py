# SPDX-License-Identifier: Apache-2.0
"""An IMU on `imu` tells the floor where up is, live; without a usable one others do."""

from __future__ import annotations

import math

import pytest
from geometry_msgs.msg import TransformStamped
from rclpy.time import Time
from sensor_msgs.msg import Imu
from tips_ros.msg import GroundPlane

from tips_ros.messages.conversions import stamp_ns

from .example_messages import FRAME_ID, header_at
from .live_graph import until
from .test_node_ground import drive, scene
from .tf_bench import KINDS, Robot, put_in_place

__all__ = ["drive"]
LINK = "imu_link"


def imu(at_ns: int, tilt_deg: float = 0.0, unknown: bool = False, frame: str = LINK) -> Imu:
    """The message of an IMU that is level, or turned about its y: x up, for a negative angle."""
    half = math.radians(tilt_deg) / 2
    message = Imu()
    message.header.stamp, message.header.frame_id = Time(nanoseconds=at_ns).to_msg(), frame
    if unknown:
        message.orientation_covariance[0] = -1.0
        message.orientation.w = 1.0
    else:
        message.orientation.y, message.orientation.w = math.sin(half), math.cos(half)
    message.linear_acceleration.x = -9.81 * math.sin(2 * half)
    message.linear_acceleration.z = 9.81 * math.cos(2 * half)
    return message


def mounting(pitch_deg: float) -> TransformStamped:
    """The optical frame on the IMU's (x ahead, z up), looking up by so much."""
    message = TransformStamped(child_frame_id=FRAME_ID)
    message.header.frame_id = LINK
    s, c = math.sin(math.radians(-pitch_deg) / 2), math.cos(math.radians(-pitch_deg) / 2)
    x, y, z, w = -0.5, 0.5, -0.5, 0.5  # of a level optical frame; the pitch turns it about y
    rotation = message.transform.rotation
    rotation.x, rotation.y = c * x + s * z, c * y + s * w
    rotation.z, rotation.w = c * z - s * x, c * w - s * y
    return message


class Pitched:
    """A robot whose camera looks down by 10° over a level floor, and its IMU."""

    def __init__(self, graph, frame) -> None:
        self.graph, self._frame, self._sec = graph, frame, 0
        self.floor()
        until(lambda: graph.probe.count_subscribers("/imu") == 1, "a subscription to the IMU")

    def floor(self) -> GroundPlane:
        """The floor of one frame more."""
        self._sec += 1
        return self._frame(scene(None))["ground"]

    def floor_after(self, late_s: float = 0.0, **of_imu) -> GroundPlane:
        """The same, with a second of an IMU's messages up to its stamp, or so much later."""
        end_ns = stamp_ns(header_at(self._sec + 1)) + round(late_s * 1e9)
        kept = self.graph.camera.ground._known.imu._filter
        for number in range(10, -1, -1):
            at_ns = end_ns - number * 100_000_000
            self.graph.publish(imu(at_ns, **of_imu), "/imu")
            until(lambda at=at_ns: kept._last_at == at / 1e9, "an IMU's message")
        return self.floor()


@pytest.fixture(params=KINDS)
def robot(drive, monkeypatch, request) -> Pitched:
    put_in_place(request.param, monkeypatch)
    graph, frame = drive("ground")
    Robot(graph, request.param).is_built(mounting(-10))
    return Pitched(graph, frame)


@pytest.mark.parametrize("unknown", [False, True], ids=["orientation", "acceleration"])
def test_the_slope_is_told_against_what_the_imu_calls_level(robot, unknown):
    level = robot.floor_after(unknown=unknown)
    assert level.status == GroundPlane.SEEN
    assert math.degrees(level.slope) < 0.7
    assert level.pitch == pytest.approx(math.radians(-10), abs=0.012)
    tilted = robot.floor_after(unknown=unknown, tilt_deg=-5.0)  # the robot stands on a ramp
    assert 1.5 < math.degrees(tilted.slope) < 6.0, "the floor is fitted with a word of the IMU"


def test_an_imu_that_can_not_be_used_leaves_up_to_others_and_is_told(robot, caplog):
    assert math.isnan(robot.floor().slope), "nobody told yet"
    assert math.isnan(robot.floor_after(frame="attic").slope)
    assert math.isnan(robot.floor_after(frame="").slope)
    assert math.isnan(robot.floor_after(late_s=-2.0).slope)
    assert not math.isnan(robot.floor_after().slope)
    said = "\n".join(r.getMessage() for r in caplog.records if "/imu: " in r.getMessage())
    assert "/imu: no transform from attic" in said
    assert "/imu: its frame_id is empty; set it in the IMU's driver" in said
    assert "s from the image" in said


def test_the_imu_is_heard_only_while_the_floor_is_looked_for(drive):
    graph, frame = drive("depth/image")
    frame(scene(None))
    assert graph.probe.count_subscribers("/imu") == 0
