# SPDX-License-Identifier: Apache-2.0
"""A camera's place on its robot, as far as it is known: where up is, and how high it sits."""

from __future__ import annotations

import logging
from typing import Any

from rclpy.node import Node

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.imu import up_of_base
from tips_ros.messages.transform_error import TransformError
from tips_ros.perception.ground.candidates import Up
from tips_ros.ros.inputs.imu import ImuListener
from tips_ros.ros.parameters.snapshot import CameraSettings
from tips_ros.ros.topics.names import parameter_name
from tips_ros.ros.transforms.tf import TransformLookup

logger = logging.getLogger(__name__)

ON_THE_FLOOR = "base_footprint"  # REP 120: the robot's place on the floor
_LEAST_HEIGHT_M = 0.03


class KnownLevel:
    """Asks an IMU, tf and the parameters; from one thread."""

    def __init__(self, node: Node, camera: str, frames: TransformLookup) -> None:
        """
        Args:
            node: whose parameters count.
            camera: its name; "" for the only one.
            frames: where the camera sits on the robot.
        """
        self._camera, self._frames = camera, frames
        self.imu = ImuListener(node, camera, frames)
        self._throttle = LogThrottle(logger)

    def up(self, header: Any, settings: CameraSettings) -> Up | None:
        """Up in the optical frame of an image; None where nobody knows."""
        return self.imu.up(header) or self._up_in(settings.base_frame, header, warn=True)

    def up_and_height(self, header: Any, settings: CameraSettings) -> tuple[Up, float]:
        """Up, and the camera's metres over the floor.

        Raises:
            ValueError: nobody knows one of them; says what to set.
        """
        height_m = self._height(header, settings)
        up = self.up(header, settings) or self._up_in(ON_THE_FLOOR, header)
        if up is None:
            raise ValueError(
                "nobody tells what is level: publish an Imu on imu, or set "
                f"{parameter_name(self._camera, 'ground.base_frame')}"
            )
        return up, height_m

    def _height(self, header: Any, settings: CameraSettings) -> float:
        name = parameter_name(self._camera, "ground.camera_height_m")
        if settings.camera_height_m > 0.0:
            return settings.camera_height_m
        for frame in filter(None, (ON_THE_FLOOR, settings.base_frame)):
            try:
                matrix = self._frames.transform(frame, header.frame_id, header.stamp)
            except TransformError:
                continue
            height_m = float(matrix[2, 3])
            if height_m < _LEAST_HEIGHT_M:
                raise ValueError(
                    f"by tf the camera is {height_m:.2f} m above {frame}, which must lie on the "
                    f"floor; set {name}"
                )
            return height_m
        raise ValueError(
            f"nobody tells the camera's height: set {name}, or publish a transform from "
            f"{header.frame_id} to {ON_THE_FLOOR}"
        )

    def _up_in(self, base: str, header: Any, warn: bool = False) -> Up | None:
        if not base:
            return None
        try:
            return up_of_base(base, header, self._frames)
        except TransformError as error:
            if warn and not error.may_come:
                self._throttle.warning(base, "ground.base_frame: %s", error)
            return None
