# SPDX-License-Identifier: Apache-2.0
"""One camera's floor over time, with what an IMU and tf2 know of where up is."""

from __future__ import annotations

import threading

from rclpy.node import Node

from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.ground import look_at_ground
from tips_ros.perception.camera.mounting import MountingRotation
from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.height_scale import HeightScale
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.ground import Ground, GroundView
from tips_ros.ros.pipeline.known_level import KnownLevel
from tips_ros.ros.transforms.tf import TransformLookup


class FloorWatch:
    """Follows the floor from frame to frame; all but `reset` is called from one thread."""

    def __init__(self, node: Node, camera: str, frames: TransformLookup) -> None:
        """
        Args:
            node: whose parameters count.
            camera: its name; "" for the only one.
            frames: where the camera sits on the robot.
        """
        self._known = KnownLevel(node, camera, frames)
        self._ground = Ground()
        # Of depth that was not scaled by it, and without a word of those who know up: they judge.
        self._unscaled, self._height = Ground(), HeightScale()
        self._forget = threading.Event()

    def look(self, frame: FrameResult, turn: MountingRotation) -> GroundView | None:
        """The floor of this frame; None without depth or calibration."""
        self._forget_if_told()
        known = self._known.up(frame.header)
        return look_at_ground(self._ground, frame, known or Up.of_mounting(turn))

    def height_scale(self, frame: FrameResult, otherwise: DepthScale) -> DepthScale:
        """The scale by the camera's height over the floor.

        Args:
            frame: in the metres of the other scale.
            otherwise: that scale, which is in use until the floor has told a better one.
        """
        self._forget_if_told()
        at_s = stamp_ns(frame.header) / 1e9
        if self._height.is_due(at_s):
            self._look_at_height(frame, at_s, otherwise)
        return self._height.scale(at_s, otherwise)

    def rest(self) -> None:
        """Unsubscribes from the IMU until the next look."""
        self._known.imu.rest()

    def reset(self) -> None:
        """Forgets the floor with the next frame, as when time jumps back."""
        self._forget.set()

    def _look_at_height(self, frame: FrameResult, at_s: float, otherwise: DepthScale) -> None:
        try:
            up, height_m = self._known.up_and_height(frame.header)
        except ValueError as error:
            self._height.record_miss(at_s, str(error))
            return
        view = look_at_ground(self._unscaled, frame, Up(up.vector))
        if view is None:
            self._height.record_miss(at_s, "a floor takes a usable CameraInfo")
        elif view.floor.fit is None:
            self._height.record_miss(at_s, view.floor.note)
        else:
            self._height.add(at_s, view.floor.fit, up, height_m, otherwise)

    def _forget_if_told(self) -> None:
        if self._forget.is_set():
            self._forget.clear()
            for part in (self._ground, self._unscaled, self._height, self._known.imu):
                part.reset()
