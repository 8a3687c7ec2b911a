# SPDX-License-Identifier: Apache-2.0
"""One camera's floor over time, with what an IMU and tf2 know of where up is."""

from __future__ import annotations

from dataclasses import replace

from rclpy.node import Node

from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.ground import look_at_ground
from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.height_scale import HeightScale
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.ground import Ground, GroundView
from tips_ros.perception.ground.plane import Plane
from tips_ros.ros.parameters.snapshot import CameraSettings
from tips_ros.ros.pipeline.stages.known_level import KnownLevel
from tips_ros.ros.pipeline.stages.pending_reset import PendingReset
from tips_ros.ros.transforms.tf import TransformLookup


class FloorWatch:
    """Follows the floor from frame to frame; all but `reset` is called from one thread."""

    def __init__(self, node: Node, camera: str, frames: TransformLookup) -> None:
        """
        Args:
            node: who subscribes to the IMU.
            camera: its name; "" for the only one.
            frames: where the camera sits on the robot.
        """
        self._frames = frames
        self._known = KnownLevel(node, camera, frames)
        self._ground = Ground()
        # Of depth that was not scaled by it, and without a word of those who know up: they judge.
        self._unscaled, self._height = Ground(), HeightScale()
        self._pending_reset = PendingReset()

    def listen(self, settings: CameraSettings) -> None:
        """Subscribes to /tf where the settings name a frame to ask it for."""
        if settings.base_frame:
            self._frames.listen()

    def look(self, frame: FrameResult, settings: CameraSettings) -> GroundView | None:
        """The floor of this frame; None without depth or calibration."""
        self._reset_if_told()
        known = self._known.up(frame.header, settings)
        up = known or Up.of_mounting(settings.mounting)
        view = look_at_ground(self._ground, frame, up)
        if view is None or view.floor.plane is not None or not frame.options.limits_heights:
            return view
        try:
            level, height_m = self._known.up_and_height(frame.header, settings)
        except ValueError:  # points are not cut by a height that nobody knows
            return view
        return replace(view, told=Plane.of(level.vector, height_m))

    def height_scale(
        self, frame: FrameResult, settings: CameraSettings, otherwise: DepthScale
    ) -> DepthScale:
        """The scale by the camera's height over the floor.

        Args:
            frame: in the metres of the other scale.
            settings: of the frame.
            otherwise: that scale, which is in use until the floor has told a better one.
        """
        self._reset_if_told()
        at_s = stamp_ns(frame.header) / 1e9
        if self._height.is_due(at_s):
            self._look_at_height(frame, settings, at_s, otherwise)
        return self._height.scale(at_s, otherwise)

    def rest(self) -> None:
        """Unsubscribes from the IMU until the next look."""
        self._known.imu.rest()

    def reset(self) -> None:
        """Forgets the floor with the next frame, as when time jumps back."""
        self._pending_reset.request()

    def _look_at_height(
        self, frame: FrameResult, settings: CameraSettings, at_s: float, otherwise: DepthScale
    ) -> None:
        try:
            up, height_m = self._known.up_and_height(frame.header, settings)
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

    def _reset_if_told(self) -> None:
        if self._pending_reset.take():
            for part in (self._ground, self._unscaled, self._height, self._known.imu):
                part.reset()
