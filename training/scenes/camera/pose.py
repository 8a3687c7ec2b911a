# SPDX-License-Identifier: Apache-2.0
"""The place of a camera in the world, and its picture's geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics

Array = NDArray[Any]


@dataclass(frozen=True)
class Viewpoint:
    """A camera's place in the world.

    Attributes:
        world_from_camera: (4, 4) pose of the optical frame, metres.
        hfov_deg: the angle between the left and the right edge of its picture.
    """

    world_from_camera: NDArray[np.float64]
    hfov_deg: float

    def camera(self, width: int, height: int, aspect: float = 4 / 3) -> Intrinsics:
        """Its picture at this size in pixels; see `pinhole`."""
        return pinhole(width, height, self.hfov_deg, aspect)


def pinhole(width: int, height: int, hfov_deg: float, aspect: float = 4 / 3) -> Intrinsics:
    """A camera whose view is `aspect` times as wide as high, squeezed into width x height pixels.

    Where width / height is another number than `aspect`, pixels are not square.
    """
    slope = math.tan(math.radians(hfov_deg) / 2)
    fx, fy = 0.5 * width / slope, 0.5 * height / (slope / aspect)
    return Intrinsics(fx, fy, (width - 1) / 2, (height - 1) / 2, width, height)


def optical_pose(
    position: Array, yaw_deg: float, pitch_deg: float = 0.0, roll_deg: float = 0.0
) -> NDArray[np.float64]:
    """The (4, 4) pose of an optical frame; yaw is about z from x, pitch is upwards."""
    yaw, pitch, roll = np.radians((yaw_deg, pitch_deg, roll_deg))
    forward = np.array([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    down = np.cross(forward, right)
    pose = np.eye(4)
    pose[:3, 0] = np.cos(roll) * right + np.sin(roll) * down
    pose[:3, 1] = np.cos(roll) * down - np.sin(roll) * right
    pose[:3, 2], pose[:3, 3] = forward, position
    return pose
