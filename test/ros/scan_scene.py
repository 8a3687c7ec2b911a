# SPDX-License-Identifier: Apache-2.0
"""A 2-D LiDAR at the camera, tilted so that its plane is a row of the picture, as messages."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from geometry_msgs.msg import TransformStamped
from sensor_msgs.msg import LaserScan
from transforms3d.quaternions import mat2quat

from .example_messages import FRAME_ID, camera_info

ROW = 30
LIDAR = "laser"
STEP = 1 / 40  # less than a beam for a pixel


def tilt() -> float:
    """The angle by which the LiDAR looks down, radians."""
    k = camera_info().k
    return math.atan((ROW - k[5]) / k[4])


def laser_mounting(parent: str = FRAME_ID) -> TransformStamped:
    """The LiDAR in the camera's optical frame: its x ahead and down, its y left."""
    a = tilt()
    ahead, left = np.array([0, math.sin(a), math.cos(a)]), np.array([-1.0, 0, 0])
    matrix = np.stack([ahead, left, np.cross(ahead, left)], axis=1)
    w, x, y, z = mat2quat(matrix)
    message = TransformStamped(child_frame_id=LIDAR)
    message.header.frame_id = parent
    rotation = message.transform.rotation
    rotation.x, rotation.y, rotation.z, rotation.w = map(float, (x, y, z, w))
    return message


def laser_scan(header: Any, true_m: np.ndarray, outliers: float, **changed: Any) -> LaserScan:
    """The scan of a scene, (48, 64) metres along the camera's z; a part of it plainly wrong."""
    k, rng = camera_info().k, np.random.default_rng(header.stamp.sec)
    angles = np.arange(-math.pi, math.pi, STEP)
    ranges = np.full(angles.size, math.inf)
    u = np.rint(k[2] - k[0] * np.tan(angles) / math.cos(tilt()))
    seen = np.flatnonzero((np.cos(angles) > 0.2) & (u >= 0) & (u < true_m.shape[1]))
    depth = true_m[ROW, u[seen].astype(int)]
    ranges[seen] = depth / (np.cos(angles[seen]) * math.cos(tilt()))
    wrong = rng.permutation(seen)[: round(outliers * seen.size)]
    ranges[wrong] *= rng.uniform(1.5, 4.0, wrong.size) ** rng.choice([-1, 1], wrong.size)
    ranges[5], ranges[6] = math.nan, -1.0
    message = LaserScan(
        header=type(header)(stamp=header.stamp, frame_id=LIDAR),
        angle_min=float(angles[0]),
        angle_max=float(angles[-1]),
        angle_increment=STEP,
        range_min=0.02,
        range_max=60.0,
        ranges=ranges.astype(np.float32).tolist(),
    )
    for name, value in changed.items():
        setattr(message.header if name == "frame_id" else message, name, value)
    return message
