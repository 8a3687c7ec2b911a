# SPDX-License-Identifier: Apache-2.0
"""The camera of a frame, from the newest CameraInfo, and what is said when that can't be."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from tips_ros.log_throttle import LogThrottle
from tips_ros.perception.camera.camera_info import CameraInfoLike, UncalibratedCamera
from tips_ros.perception.camera.output_camera import OutputCamera, output_camera
from tips_ros.perception.camera.rectification import rectification
from tips_ros.ros.inputs.camera import CameraSubscription

logger = logging.getLogger(__name__)


class CalibrationSource:
    """Finds the camera of frames, at the size of their outputs."""

    def __init__(self, camera: CameraSubscription) -> None:
        self._input = camera
        self._throttle = LogThrottle(logger)

    def of(
        self, image_size: tuple[int, int], size: tuple[int, int], rectified: bool
    ) -> OutputCamera | None:
        """Calibration by the newest CameraInfo; None and a warning if it is not of (H, W) images.

        Args:
            image_size: (H, W) of the image.
            size: (H, W) of its outputs.
            rectified: whether the camera's driver delivers rectified images.
        """
        info = self._newest()
        if info is None:
            return None
        try:
            return output_camera(info, image_size, size, rectified)
        except UncalibratedCamera as error:
            self._complain(error, "no points")
            return None

    def rectify(
        self, rgb: NDArray[np.uint8], size: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], OutputCamera | None]:
        """The image as a pinhole would have taken it, and that pinhole at the outputs' size (H, W).

        The image as it is, None and a warning where the newest CameraInfo is not of such images.
        """
        info = self._newest()
        if info is None:
            return rgb, None
        height, width = rgb.shape[:2]
        try:
            found = rectification(info, (height, width))
        except UncalibratedCamera as error:
            self._complain(error, "the images are not rectified, and no points")
            return rgb, None
        return found.rectified(rgb), found.camera_at(size)

    def warn_of_distortion(self, topic: str) -> None:
        """Says once in a while that depth with this topic's CameraInfo is not a pinhole's."""
        self._throttle.warning(
            "distortion",
            "somebody reads %s of a lens that distorts: whoever takes depth for a pinhole's "
            "(depth_image_proc, RViz's DepthCloud, rtabmap) puts its points off towards the "
            "corners. ~/points is right; set rectify to true to have all outputs a pinhole's",
            topic,
        )

    def _newest(self) -> CameraInfoLike | None:
        info: CameraInfoLike | None = self._input.camera_info
        if info is None and self._input.camera_info_is_missing:
            self._throttle.warning(
                "no camera_info",
                "no CameraInfo on %s yet: %s. Points wait for it, and depth is not corrected "
                "for the camera's focal length; the other outputs go on",
                self._input.info_topic,
                self._input.camera_info_found(),
            )
        return info

    def _complain(self, error: UncalibratedCamera, what: str) -> None:
        # A key for each kind of reason: another one is news, other numbers are not.
        key = f"camera_info: {error.fault}"
        self._throttle.warning(key, "%s: %s: %s", what, self._input.info_topic, error)
