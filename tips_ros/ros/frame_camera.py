# SPDX-License-Identifier: Apache-2.0
"""The camera of a frame, from the newest CameraInfo, and what is said when that can't be."""

from __future__ import annotations

import logging

from tips_ros.perception.camera.camera_info import UncalibratedCamera
from tips_ros.perception.camera.seen_camera import SeenCamera, seen_camera
from tips_ros.perception.predictor import scaled_size
from tips_ros.ros.camera_input import CameraInput
from tips_ros.ros.frame import OutputOptions
from tips_ros.ros.throttle import Throttle

logger = logging.getLogger(__name__)


class FrameCamera:
    """Finds the camera of frames, at the size of their outputs."""

    def __init__(self, camera: CameraInput) -> None:
        self._input = camera
        self._throttle = Throttle(logger)

    def of(self, image_size: tuple[int, int], options: OutputOptions) -> SeenCamera | None:
        """From the newest CameraInfo if it belongs to (H, W) images, else None and a warning."""
        info, topic = self._input.camera_info, self._input.info_topic
        if info is None:
            if self._input.camera_info_is_missing:
                self._throttle.warning(
                    "no camera_info",
                    "no CameraInfo on %s yet: %s. Points wait for it, and depth is not corrected "
                    "for the camera's focal length; the other outputs go on",
                    topic,
                    self._input.camera_info_found(),
                )
            return None
        try:
            size = scaled_size(*image_size, options.scale)
            return seen_camera(info, image_size, size, options.rectified)
        except UncalibratedCamera as error:
            # A key for each kind of reason: another one is news, other numbers are not.
            key = f"camera_info: {error.fault}"
            self._throttle.warning(key, "no points: %s: %s", topic, error)
            return None
