# SPDX-License-Identifier: Apache-2.0
"""The frame of ~/scan on /tf: at the camera, its z up from the floor, its x ahead."""

from __future__ import annotations

import logging
import math
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.ground import level_frame_id, level_frame_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.perception.ground.plane import Plane

logger = logging.getLogger(__name__)
_once = LogThrottle(logger, again_after_s=math.inf)


class LevelFramePublisher:
    """Publishes on /tf from the first scan on; where tf2_msgs is not installed it says so once."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher: Any = None
        self._missing = False

    def publish(self, header: Any, plane: Plane | None) -> None:
        """Tells where level is at one frame; nothing without a floor."""
        if plane is None or self._missing:
            return
        try:
            told = level_frame_message(RCLPY_TYPES, header, plane)
        except ImportError:
            self._missing = True
            _once.warning(
                "tf2_msgs",
                "~/scan is in the frame %s, which nobody tells on /tf without tf2_msgs (the package"
                " ros-$ROS_DISTRO-tf2-msgs)",
                level_frame_id(header.frame_id),
            )
            return
        if self._publisher is None:
            self._publisher = self._node.create_publisher(type(told), "/tf", QoSProfile(depth=100))
        self._publisher.publish(told)

    def close(self) -> None:
        """Ends the publisher."""
        if self._publisher is not None:
            self._node.destroy_publisher(self._publisher)
            self._publisher = None
