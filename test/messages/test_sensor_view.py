# SPDX-License-Identifier: Apache-2.0
"""Points of a sensor are seen from where the camera was when it took the image."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from rclpy.time import Time
from std_msgs.msg import Header

from tips_ros.messages.sensor_view import View, depth_seen
from tips_ros.messages.transform_error import TransformError
from tips_ros.perception.camera.output_camera import output_camera

from ..ros.example_messages import camera_info
from ..ros.sensor_scene import cloud_message

# x ahead, y left, z up of the LiDAR; it sits 0.2 m above the camera.
CAMERA_FROM_LIDAR = np.array([[0, -1, 0, 0], [0, 0, -1, -0.2], [1, 0, 0, 0], [0, 0, 0, 1.0]])


class Driving:
    """A robot that goes ahead by so many m/s and turns left by so many rad/s, in odom."""

    def __init__(self, speed: float = 0.0, turning: float = 0.0, knows_odom: bool = True) -> None:
        self.speed, self.turning, self.knows_odom = speed, turning, knows_odom

    def odom_from_lidar(self, at_s: float) -> np.ndarray:
        c, s = math.cos(self.turning * at_s), math.sin(self.turning * at_s)
        pose = np.eye(4)
        pose[:2, :2], pose[0, 3] = [[c, -s], [s, c]], self.speed * at_s
        return pose

    def transform(self, target: str, source: str, stamp: Any) -> np.ndarray:
        at_s = stamp.sec + stamp.nanosec / 1e9
        if "odom" in (target, source) and not self.knows_odom:
            raise TransformError("no odom")
        to_lidar = {
            "lidar": np.eye(4),
            "camera": np.linalg.inv(CAMERA_FROM_LIDAR),
            "odom": np.linalg.inv(self.odom_from_lidar(at_s)),
        }
        return np.asarray(np.linalg.inv(to_lidar[target]) @ to_lidar[source])


def header(at_s: float) -> Header:
    return Header(stamp=Time(nanoseconds=round(at_s * 1e9)).to_msg(), frame_id="camera")


def seen_late_by(robot: Driving, late_s: float, frame_id: str) -> tuple:
    """Depth of a wall as the camera sees it, and as points tell it that came so much earlier."""
    info = camera_info()
    camera = output_camera(info, (info.height, info.width), (info.height, info.width), False)
    wall = np.full((info.height, info.width), np.nan, np.float32)
    wall[20::9, 15::9] = 2.0
    image, earlier = header(2.0), header(2.0 - late_s)
    lidar_now = robot.transform("odom" if robot.knows_odom else "lidar", "camera", image.stamp)
    if frame_id == "odom":
        to_frame = lidar_now
    else:  # the same places in the world, as the LiDAR saw them from where it was
        seen_from = robot.odom_from_lidar(2.0 - late_s) if robot.knows_odom else np.eye(4)
        to_frame = np.linalg.inv(seen_from) @ lidar_now
    cloud = cloud_message(earlier, wall, frame_id, to_frame)
    found = depth_seen("points", cloud, View(image, camera, "odom"), robot)
    return wall, found


@pytest.mark.parametrize("frame_id", ["lidar", "odom"])
@pytest.mark.parametrize(("speed", "turning"), [(0.0, 0.0), (2.0, 0.0), (0.0, 1.5), (1.0, -1.0)])
def test_points_of_a_robot_that_drives_and_turns_are_where_they_are_in_the_image(
    frame_id, speed, turning
):
    wall, found = seen_late_by(Driving(speed, turning), 0.05, frame_id)
    told = np.isfinite(wall)
    assert np.isfinite(found[told]).mean() > 0.9
    both = told & np.isfinite(found)
    np.testing.assert_allclose(found[both], wall[both], atol=1e-3)


def test_where_nobody_tells_how_the_robot_moves_it_is_taken_to_stand_still():
    wall, found = seen_late_by(Driving(knows_odom=False), 0.05, "lidar")
    both = np.isfinite(wall) & np.isfinite(found)
    assert both.sum() > 20
    np.testing.assert_allclose(found[both], wall[both], atol=1e-3)
