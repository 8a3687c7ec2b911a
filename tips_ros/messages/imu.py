# SPDX-License-Identifier: Apache-2.0
"""Messages of an IMU: what each tells, and up in the frame of a camera by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.scan_placement import Transforms
from tips_ros.messages.transform_error import TransformError
from tips_ros.perception.camera.imu_up import ImuReading, ImuUp
from tips_ros.perception.ground.candidates import Up


def imu_reading(message: Any) -> ImuReading:
    """sensor_msgs/Imu → what it tells: a covariance that begins with -1 says that it does not."""

    def told(covariance: Any) -> bool:
        return bool(covariance[0] != -1.0)

    q, a, w = message.orientation, message.linear_acceleration, message.angular_velocity
    return ImuReading(
        stamp_ns(message.header) / 1e9,
        (q.x, q.y, q.z, q.w) if told(message.orientation_covariance) else None,
        (a.x, a.y, a.z) if told(message.linear_acceleration_covariance) else None,
        (w.x, w.y, w.z) if told(message.angular_velocity_covariance) else None,
    )


def up_of_imu(found: ImuUp, frame_id: str, header: Any, frames: Transforms) -> Up:
    """Up in the optical frame of an image.

    Args:
        found: up in the IMU's frame.
        frame_id: that frame.
        header: of the image.
        frames: where both are.

    Raises:
        TransformError: the IMU names no frame, or nobody tells how the camera is turned to it.
    """
    if not frame_id:
        raise TransformError("its frame_id is empty; set it in the IMU's driver")
    turn = frames.transform(header.frame_id, frame_id, header.stamp)[:3, :3]
    x, y, z = np.asarray(turn @ found.vector).tolist()
    return Up((x, y, z), found.stddev_deg, "imu")


def up_of_base(base: str, header: Any, frames: Transforms, stddev_deg: float = 1.0) -> Up:
    """Up in the optical frame of an image by a frame of the robot whose z is up.

    Args:
        base: that frame.
        header: of the image.
        frames: where both are.
        stddev_deg: as well as cameras are mounted.

    Raises:
        TransformError: nobody tells how the camera is turned to it.
    """
    x, y, z = frames.transform(base, header.frame_id, header.stamp)[2, :3].tolist()
    return Up((x, y, z), stddev_deg, "tf")
