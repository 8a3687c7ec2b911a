# SPDX-License-Identifier: Apache-2.0
"""The pose of a camera in the frame that its filtered cloud is wanted in."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np
from rclpy.lifecycle import LifecycleNode

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.frame_result import CameraPose
from tips_ros.messages.transform_error import TransformError
from tips_ros.perception.camera.extrinsics import extrinsic_matrix
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.topics.names import output_topic, parameter_name
from tips_ros.ros.transforms.tf import TransformLookup

logger = logging.getLogger(__name__)

# A start or a bag that begins anew has some images that are earlier than all transforms, and an
# end has some that are later: not worth a word until it lasts.
_PATIENCE_S = 1.5


class CameraPoseLookup:
    """Finds the place of one camera, for frame after frame."""

    def __init__(self, node: LifecycleNode, camera: str, frames: TransformLookup) -> None:
        """
        Args:
            node: whose parameters say what is wanted.
            camera: its name.
            frames: the tree of transforms.
        """
        self._node = node
        self._camera = camera
        self._frames = frames
        self._throttle = LogThrottle(logger)
        self._unplaced_since: float | None = None  # monotonic seconds

    @property
    def timeout_s(self) -> float:
        """The time that a cloud may wait for its transform."""
        return float(self._value("points_filtered.transform_timeout_s"))

    def listen(self) -> None:
        """Has /tf heard where it will be asked: what was said before that nobody knows later."""
        if self._value("points_filtered.target_frame") and not (
            self._value("extrinsics.xyz") or self._value("extrinsics.rpy")
        ):
            self._frames.listen()

    def of(self, header: Any) -> CameraPose:
        """Returns the camera's pose at the time of this header's image.

        From `extrinsics.xyz` and `extrinsics.rpy` where they are set, else from tf at the image's
        stamp.

        Args:
            header: of the image.

        Raises:
            TransformError: tf does not know it (yet), or is not installed.
            ValueError: one half of the extrinsics is not set.
        """
        own: str = header.frame_id
        wanted = parameters.snapshot(self._node)
        target = wanted.value("points_filtered.target_frame", self._camera) or own
        if target == own:
            return CameraPose(own, np.eye(4))
        xyz, rpy = (wanted.value(f"extrinsics.{part}", self._camera) for part in ("xyz", "rpy"))
        matrix = extrinsic_matrix(xyz, rpy) if xyz or rpy else None
        if matrix is None:
            matrix = self._frames.transform(target, own, header.stamp)
            self._unplaced_since = None
        return CameraPose(target, matrix)

    def complain(self, header: Any, error: Exception) -> None:
        """Warns, now and then, that nobody said where the camera was."""
        now = time.monotonic()
        if self._unplaced_since is None:
            self._unplaced_since = now
        passing = isinstance(error, TransformError) and error.at_other_times
        if passing and now - self._unplaced_since < _PATIENCE_S:
            return
        own = header.frame_id
        target = self._value("points_filtered.target_frame") or own
        self._throttle.warning(
            f"{own} in {target}, {passing}",
            "no %s, as nobody says where %s is in %s: %s. Publish that transform, or set %s and %s",
            output_topic(self._camera, "points_filtered"),
            own or "the camera",
            target,
            error,
            parameter_name(self._camera, "extrinsics.xyz"),
            parameter_name(self._camera, "extrinsics.rpy"),
        )

    def _value(self, name: str) -> Any:
        return parameters.value(self._node, name, self._camera)
