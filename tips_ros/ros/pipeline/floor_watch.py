# SPDX-License-Identifier: Apache-2.0
"""One camera's floor over time, with what tf2 knows of where up is."""

from __future__ import annotations

import logging
from typing import Any

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.ground import look_at_ground
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.ground import Ground, GroundView
from tips_ros.ros.parameters.snapshot import CameraSettings
from tips_ros.ros.pipeline.pending_reset import PendingReset
from tips_ros.ros.transforms.tf import TransformLookup
from tips_ros.ros.transforms.tree import TransformError

logger = logging.getLogger(__name__)

_TF_STDDEV_DEG = 1.0  # as well as cameras are mounted


class FloorWatch:
    """Follows the floor from frame to frame; `look` is called from one thread."""

    def __init__(self, frames: TransformLookup) -> None:
        """
        Args:
            frames: where the camera sits on the robot.
        """
        self._frames = frames
        self._ground = Ground()
        self._pending_reset = PendingReset()
        self._throttle = LogThrottle(logger)

    def listen(self, settings: CameraSettings) -> None:
        """Subscribes to /tf where the settings name a frame to ask it for."""
        if settings.base_frame:
            self._frames.listen()

    def look(self, frame: FrameResult, settings: CameraSettings) -> GroundView | None:
        """The floor of this frame; None without depth or calibration."""
        if self._pending_reset.take():
            self._ground.reset()
        up = self._find_up(frame.header, settings.base_frame)
        return look_at_ground(self._ground, frame, up or Up.of_mounting(settings.mounting))

    def reset(self) -> None:
        """Forgets the floor with the next frame, as when time jumps back."""
        self._pending_reset.request()

    def _find_up(self, header: Any, base: str) -> Up | None:
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
