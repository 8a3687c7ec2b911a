# SPDX-License-Identifier: Apache-2.0
"""The message classes that outputs are built of: those of rclpy, or those of a bag library.

Both are constructed from keyword arguments with the same field names, so one set of builders
serves the live node and `tips_ros bag`, which needs no ROS installation.
"""

from __future__ import annotations

import array
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
POINT_CLOUD = "sensor_msgs/msg/PointCloud2"
CLASS_MAP = "tips_ros/msg/ClassMap"
LABEL_INFO = "vision_msgs/msg/LabelInfo"


@dataclass(frozen=True)
class MessageTypes:
    """Message classes, and how their library wants its sequences.

    Attributes:
        message: ROS name, such as `sensor_msgs/msg/Image` → class.
        octets: an array of any shape and type → the value of a `uint8[]` field.
        numbers: floats → the value of a `float64[]` field.
    """

    message: Callable[[str], Any]
    octets: Callable[[NDArray[Any]], Any]
    numbers: Callable[[list[float]], Any]


def rclpy_class(name: str) -> Any:
    """`package/msg/Name` → the class. ImportError when the package is not installed."""
    package, kind, message = name.split("/")
    return getattr(importlib.import_module(f"{package}.{kind}"), message)


def _octet_array(a: NDArray[Any]) -> array.array[int]:
    # Anything but an array.array is checked by rclpy element by element: 300 ms at 1080p.
    octets = array.array("B")
    octets.frombytes(memoryview(np.ascontiguousarray(a)).cast("B"))
    return octets


RCLPY_TYPES = MessageTypes(
    message=rclpy_class,
    octets=_octet_array,
    numbers=lambda values: array.array("d", values),
)
