# SPDX-License-Identifier: Apache-2.0
"""One camera's floor over time, with what an IMU and tf2 know of where up is."""

from __future__ import annotations

import logging
import threading
from typing import Any

from rclpy.node import Node

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.ground import look_at_ground
from tips_ros.messages.transform_error import TransformError
from tips_ros.perception.camera.mounting import MountingRotation
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.ground import Ground, GroundView
from tips_ros.ros.inputs.imu import ImuListener
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.transforms.tf import TransformLookup

logger = logging.getLogger(__name__)

_TF_STDDEV_DEG = 1.0  # as well as cameras are mounted


class FloorWatch:
    """Follows the floor from frame to frame; `look` is called from one thread."""

    def __init__(self, node: Node, camera: str, frames: TransformLookup) -> None:
        """
        Args:
            node: whose parameters count.
            camera: its name; "" for the only one.
            frames: where the camera sits on the robot.
        """
        self._node, self._camera, self._frames = node, camera, frames
        self._ground = Ground()
        self._imu = ImuListener(node, camera, frames)
        self._forget = threading.Event()
        self._throttle = LogThrottle(logger)
        if self._base_frame:
            frames.listen()

    def look(self, frame: FrameResult, turn: MountingRotation) -> GroundView | None:
        """The floor of this frame; None without depth or calibration."""
        if self._forget.is_set():
            self._forget.clear()
            self._ground.reset()
            self._imu.reset()
        known = self._known_up(frame.header)
        return look_at_ground(self._ground, frame, known or Up.of_mounting(turn))

    def rest(self) -> None:
        """Unsubscribes from the IMU until the next look; from the thread of `look`."""
        self._imu.rest()

    def reset(self) -> None:
        """Forgets the floor with the next frame, as when time jumps back."""
        self._forget.set()

    def _known_up(self, header: Any) -> Up | None:
        return self._imu.up(header) or self._up_by_tf(header)

    def _up_by_tf(self, header: Any) -> Up | None:
        base = self._base_frame
        if not base:
            return None
        try:
            matrix = self._frames.transform(base, header.frame_id, header.stamp)
        except TransformError as error:
            if not error.may_come:
                self._throttle.warning(base, "ground.base_frame: %s", error)
            return None
        x, y, z = matrix[2, :3].tolist()  # the base's z, as the camera has it
        return Up((x, y, z), _TF_STDDEV_DEG, "tf")

    @property
    def _base_frame(self) -> str:
        return str(parameters.value(self._node, "ground.base_frame", self._camera))
