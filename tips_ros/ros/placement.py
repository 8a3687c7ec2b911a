# SPDX-License-Identifier: Apache-2.0
"""Where a camera is in the frame that its filtered cloud is wanted in."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.lifecycle import LifecycleNode

from tips_ros.perception.camera.extrinsics import extrinsic_matrix
from tips_ros.ros import parameters
from tips_ros.ros.camera_names import output_topic, parameter_name
from tips_ros.ros.frame import Placed
from tips_ros.ros.frames import FrameError, Frames
from tips_ros.ros.parameter_snapshot import Snapshot
from tips_ros.ros.throttle import Throttle

logger = logging.getLogger(__name__)

# The tree is heard from the first question on, and each frame's time a little after its picture.
# Where the last answer was no, nobody waits: the pictures come as fast as ever.
_FIRST_S, _NEXT_S, _AFTER_A_NO_S = 1.0, 0.1, 0.0


class Placement:
    """Finds the place of one camera, for frame after frame. From one thread."""

    def __init__(self, node: LifecycleNode, camera: str, frames: Frames) -> None:
        """
        Args:
            node: whose parameters say what is wanted.
            camera: its name.
            frames: the tree of transforms.
        """
        self._node = node
        self._camera = camera
        self._frames = frames
        self._found: dict[tuple[str, str], bool] = {}
        self._throttle = Throttle(logger)

    def of(self, header: Any) -> Placed | None:
        """Where the camera was when this header's image was taken.

        From `extrinsics.xyz` and `extrinsics.rpy` where they are set, else from tf2 at the image's
        stamp. None, and a warning now and then, where neither says it.
        """
        own: str = header.frame_id
        wanted = parameters.snapshot(self._node)
        target = wanted.value("points_filtered.target_frame", self._camera) or own
        if target == own:
            return Placed(own, np.eye(4))
        try:
            return Placed(target, self._matrix(target, header, wanted))
        except (FrameError, RuntimeError, ValueError) as error:
            self._throttle.warning(
                f"{own} in {target}",
                "%s waits, as nobody says where %s is in %s: %s. Publish that transform, or set %s "
                "and %s",
                output_topic(self._camera, "points_filtered"),
                own or "the camera",
                target,
                error,
                self._name("extrinsics.xyz"),
                self._name("extrinsics.rpy"),
            )
            return None

    def _matrix(self, target: str, header: Any, wanted: Snapshot) -> NDArray[np.float64]:
        xyz, rpy = (wanted.value(f"extrinsics.{part}", self._camera) for part in ("xyz", "rpy"))
        if xyz or rpy:
            return extrinsic_matrix(xyz, rpy)
        key = target, header.frame_id
        found = self._found.get(key)
        patience_s = _FIRST_S if found is None else _NEXT_S if found else _AFTER_A_NO_S
        self._found[key] = False
        matrix = self._frames.transform(*key, header.stamp, patience_s)
        self._found[key] = True
        return matrix

    def _name(self, name: str) -> str:
        return parameter_name(self._camera, name)
