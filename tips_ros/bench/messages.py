# SPDX-License-Identifier: Apache-2.0
"""Messages as the node makes them, with ROS and without it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.libraries import is_here
from tips_ros.messages.conversions import camera_info_message, image_message
from tips_ros.messages.types import (
    RCLPY_TYPES,
    MessageFactory,
    MessageWithData,
    rclpy_types_for_one_thread,
)
from tips_ros.perception.camera.camera_info import CameraInfoFields, Intrinsics

_HFOV_DEG = 64.0
_HEADER = "std_msgs/msg/Header"


def ros_is_here() -> bool:
    """Whether messages can be rclpy's."""
    return is_here("rclpy") and is_here("sensor_msgs")


def output_types() -> MessageFactory:
    """Message types of the outputs: the node's own, or plain objects without ROS."""
    return rclpy_types_for_one_thread() if ros_is_here() else _PLAIN


def camera_message(rgb: NDArray[np.uint8]) -> Any:
    """A driver's sensor_msgs/Image of these pixels, bgr8."""
    types = RCLPY_TYPES if ros_is_here() else _PLAIN
    bgr = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), np.uint8)
    message = image_message(types, header(types), bgr, "rgb8")
    message.encoding = "bgr8"
    return message


def calibration_message(width: int, height: int) -> Any:
    """A driver's sensor_msgs/CameraInfo without distortion."""
    types = RCLPY_TYPES if ros_is_here() else _PLAIN
    k = Intrinsics.from_hfov(_HFOV_DEG, width, height).matrix()
    p = np.hstack([k, np.zeros((3, 1))])
    rotation = np.eye(3).ravel().tolist()
    d = [0.0] * 5
    fields = CameraInfoFields(
        width, height, "plumb_bob", d, k.ravel().tolist(), rotation, p.ravel().tolist()
    )
    return camera_info_message(types, header(types), fields)


def header(types: MessageFactory) -> Any:
    """Header of a camera's image."""
    return types.message(_HEADER)(frame_id="camera_optical_frame")


def _bulky(name: str, count: int, fields: dict[str, Any]) -> MessageWithData:
    data = np.empty(count, np.uint8)
    return MessageWithData(SimpleNamespace(data=data, **fields), data)


_PLAIN = MessageFactory(
    message=lambda name: SimpleNamespace,
    numbers=lambda values: np.array(values, np.float64),
    integers=lambda values: values,
    floats=lambda values: values,
    octets=lambda values: values,
    with_data=_bulky,
    fresh_with_data=_bulky,
)
