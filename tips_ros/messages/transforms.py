# SPDX-License-Identifier: Apache-2.0
"""Transforms of /tf and /tf_static, as poses."""

from __future__ import annotations

from typing import Any

from tips_ros.messages.conversions import stamp_ns
from tips_ros.perception.poses.pose import Pose

TF_MESSAGE = "tf2_msgs/msg/TFMessage"
MOVING_TOPIC, FIXED_TOPIC = "/tf", "/tf_static"


def strip_slash(frame_id: str) -> str:
    """A frame's name without the slash that those of ROS 1 began with."""
    return str(frame_id).removeprefix("/")


def child_and_pose(transform: Any) -> tuple[str, Pose]:
    """The child frame of a geometry_msgs/TransformStamped, and its pose in its parent.

    Raises:
        ValueError: what it says is no pose.
    """
    t, q = transform.transform.translation, transform.transform.rotation
    pose = Pose.from_ros(
        stamp_ns(transform.header),
        strip_slash(transform.header.frame_id),
        (t.x, t.y, t.z),
        (q.x, q.y, q.z, q.w),
    )
    return strip_slash(transform.child_frame_id), pose
