# SPDX-License-Identifier: Apache-2.0
"""The pose of a camera, by the transforms of a bag."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
import pytest

from tips_ros.bags import BagReader, BagWriter
from tips_ros.bags.storage.storage import Definition
from tips_ros.offline.camera_poses import CameraPoses
from training.scenes.camera.camera_messages import CameraMessages

SECOND = 10**9


def pose(x: float, yaw_deg: float = 0.0) -> np.ndarray:
    c, s = cos(radians(yaw_deg)), sin(radians(yaw_deg))
    return np.array([[c, -s, 0, x], [s, c, 0, 0], [0, 0, 1, 0.5], [0, 0, 0, 1]])


@pytest.fixture
def poses_of(tmp_path):
    """poses_of(frame, moving, fixed): of transforms (second, parent, child, pose)."""

    def read(frame, moving=(), fixed=(), world=""):
        with BagWriter(tmp_path / "bag") as bag:
            messages = CameraMessages(bag.typestore.types, frame)
            for topic, transforms in (("/tf", moving), ("/tf_static", fixed)):
                bag.add_topic(topic, "tf2_msgs/msg/TFMessage")
                for second, parent, child, matrix in transforms:
                    stamp_ns = int(second * SECOND)
                    message = messages.transform(stamp_ns, parent, child, matrix)
                    bag.write(topic, stamp_ns, message)
            bag.add_topic("/something", "std_msgs/msg/String")
            bag.write("/something", 1, bag.typestore.types["std_msgs/msg/String"]("a"))
        with BagReader(tmp_path / "bag") as reader:
            return CameraPoses(reader, frame, world)

    return read


DRIVE = [(1, "odom", "base", pose(1)), (2, "odom", "base", pose(2, 90))]
MOUNT = [(0, "base", "camera", pose(10))]


def test_the_chain_goes_up_to_the_root(poses_of):
    poses = poses_of("camera", DRIVE, MOUNT)
    np.testing.assert_allclose(poses.at(1 * SECOND), pose(1) @ pose(10), atol=1e-12)
    np.testing.assert_allclose(poses.at(2 * SECOND), pose(2, 90) @ pose(10), atol=1e-12)


@pytest.mark.quick
def test_between_two_transforms_it_is_interpolated(poses_of):
    poses = poses_of("base", DRIVE)
    np.testing.assert_allclose(poses.at(SECOND * 3 // 2), pose(1.5, 45), atol=1e-12)


def test_before_the_first_and_after_the_last_nobody_knows(poses_of):
    poses = poses_of("camera", DRIVE, MOUNT)
    assert poses.at(SECOND - 1) is None and poses.at(2 * SECOND + 1) is None


def test_a_leading_slash_is_no_other_frame(poses_of):
    moving = [(1, "/odom", "/base", pose(1))]
    np.testing.assert_allclose(poses_of("base", moving).at(SECOND), pose(1))


@pytest.mark.parametrize("fixed", [(), MOUNT], ids=["no transforms", "only a mount"])
def test_a_camera_that_nobody_placed_in_a_world_has_no_pose(poses_of, fixed):
    assert poses_of("camera", (), fixed).at(SECOND) is None


def test_transforms_in_a_circle_come_to_an_end(poses_of):
    moving = [(1, "b", "a", pose(1)), (1, "a", "b", pose(2))]
    assert poses_of("a", moving).at(SECOND) is not None


def test_a_rotation_of_zeros_is_left_out(poses_of, tmp_path):
    with BagWriter(tmp_path / "zeros") as bag:
        messages = CameraMessages(bag.typestore.types, "base")
        message = messages.transform(SECOND, "odom", "base", pose(1))
        message.transforms[0].transform.rotation.w = 0.0
        bag.add_topic("/tf", "tf2_msgs/msg/TFMessage")
        bag.write("/tf", SECOND, message)
    with BagReader(tmp_path / "zeros") as reader:
        assert CameraPoses(reader, "base").at(SECOND) is None


def test_transforms_that_cannot_be_read_cost_their_pose_and_nothing_else(tmp_path):
    with BagWriter(tmp_path / "odd") as bag:
        messages = CameraMessages(bag.typestore.types, "base")
        bag.add_topic("/tf", "tf2_msgs/msg/TFMessage")
        bag.write("/tf", SECOND, messages.transform(SECOND, "odom", "base", pose(1)))
        bag.write("/tf", SECOND + 1, b"\0\1\0\0junk")
        bag.add_topic("/tf_static", "tf/msg/tfMessage", definition=Definition())
        bag.write("/tf_static", 1, b"\0\1\0\0junk")
    with BagReader(tmp_path / "odd") as reader:
        np.testing.assert_allclose(CameraPoses(reader, "base").at(SECOND), pose(1))


@pytest.mark.parametrize("world", ["odom", "/odom"])
def test_a_camera_that_stands_in_the_world_that_was_named_has_its_pose(poses_of, world):
    """Whoever named the world says that there is one."""
    poses = poses_of("camera", (), [(0, "odom", "camera", pose(3))], world=world)
    np.testing.assert_allclose(poses.at(5 * SECOND), pose(3))


def test_the_world_that_was_named_need_not_be_above_the_camera(poses_of):
    poses = poses_of("camera", DRIVE, [*MOUNT, (0, "base", "lidar", pose(1))], world="lidar")
    there = np.linalg.inv(pose(1)) @ pose(10)
    np.testing.assert_allclose(poses.at(7 * SECOND), there, atol=1e-12)


def test_a_world_that_nobody_knows_has_no_camera(poses_of):
    assert poses_of("camera", DRIVE, MOUNT, world="map").at(SECOND) is None
