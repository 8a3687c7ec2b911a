# SPDX-License-Identifier: Apache-2.0
"""The upward direction by sensor_msgs/Imu on `imu`, in the frame of a camera."""

from __future__ import annotations

import logging
import re
import threading
from typing import Any

from rclpy.callback_groups import CallbackGroup, MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import Imu

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.imu import imu_reading, up_of_imu
from tips_ros.messages.transform_error import TransformError
from tips_ros.perception.camera.imu_up import GravityFilter
from tips_ros.perception.ground.candidates import Up
from tips_ros.ros.inputs.subscription import subscribe
from tips_ros.ros.topics.names import input_topic
from tips_ros.ros.transforms.tf import TransformLookup

logger = logging.getLogger(__name__)


class ImuListener:
    """Subscribes with the first question; `rest` unsubscribes until the next.

    Readings come from the executor's threads, and up is asked for from one other.
    """

    def __init__(self, node: Node, camera: str, frames: TransformLookup) -> None:
        self._node, self._camera, self._frames = node, camera, frames
        self._group: CallbackGroup = MutuallyExclusiveCallbackGroup()
        self._lock = threading.Lock()
        self._filter = GravityFilter()
        self._frame_id: str | None = None
        self._subscription: Subscription | None = None
        self._throttle = LogThrottle(logger)

    def up(self, header: Any) -> Up | None:
        """Up in the optical frame of an image; None without an IMU that tells it."""
        if self._subscription is None:
            self._frames.listen()
            topic = input_topic(self._camera, "imu")
            self._subscription = subscribe(self._node, Imu, topic, self._take, self._group)
        with self._lock:
            frame, found = self._frame_id, self._filter.at(stamp_ns(header) / 1e9)
            note = self._filter.note
        if frame is None:  # nobody publishes one
            return None
        if note:
            self._warn(note)
        if found is None:
            return None
        try:
            return up_of_imu(found, frame, header, self._frames)
        except TransformError as error:
            if not error.may_come or not error.at_other_times:
                self._warn(str(error))
            return None

    def rest(self) -> None:
        """Unsubscribes and forgets."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self._node.destroy_subscription(subscription)
        self.reset()

    def reset(self) -> None:
        """Forgets all readings, as when time jumps back."""
        with self._lock:
            self._filter.reset()
            self._frame_id = None

    def _take(self, message: Imu) -> None:
        with self._lock:
            self._frame_id = message.header.frame_id
            self._filter.add(imu_reading(message))

    def _warn(self, reason: str) -> None:
        topic = self._node.resolve_topic_name(input_topic(self._camera, "imu"))
        self._throttle.warning(re.sub(r"[\d.]+", "", reason), "%s: %s", topic, reason)
