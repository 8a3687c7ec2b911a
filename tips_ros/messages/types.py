# SPDX-License-Identifier: Apache-2.0
"""The message classes that outputs are built of: those of rclpy, or those of a bag library.

Both are constructed from keyword arguments with the same field names, so one set of builders
serves the live node and `tips_ros bag`, which needs no ROS installation.
"""

from __future__ import annotations

import array
import importlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

IMAGE = "sensor_msgs/msg/Image"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
POINT_CLOUD = "sensor_msgs/msg/PointCloud2"
CLASS_MAP = "tips_ros/msg/ClassMap"
DEPTH_INFO = "tips_ros/msg/DepthInfo"
GROUND_PLANE = "tips_ros/msg/GroundPlane"
LASER_SCAN = "sensor_msgs/msg/LaserScan"
OBJECT = "tips_ros/msg/Object"
OBJECT_ARRAY = "tips_ros/msg/ObjectArray"
MARKER_ARRAY = "visualization_msgs/msg/MarkerArray"
DETECTION_2D_ARRAY = "vision_msgs/msg/Detection2DArray"
DETECTION_3D_ARRAY = "vision_msgs/msg/Detection3DArray"
REGION = "tips_ros/msg/Region"
TF = "tf2_msgs/msg/TFMessage"
LABEL_INFO = "vision_msgs/msg/LabelInfo"
# Messages kept to be filled again: the outputs of one frame, and few of another size.
_MOST_KEPT = 12


class MessageWithData(NamedTuple):
    """A message with a large `data` field, and that field's memory as (N,) uint8 to write to."""

    message: Any
    data: NDArray[np.uint8]


@dataclass(frozen=True)
class MessageFactory:
    """Message classes, and how their library wants its sequences.

    Attributes:
        message: ROS name, such as `sensor_msgs/msg/Image` → class.
        numbers: floats → the value of a `float64[]` field.
        integers: a few uint16 → the value of a `uint16[]` field.
        floats: float32 → the value of a `float32[]` field.
        octets: bytes → the value of a short `uint8[]` field.
        bulky: ROS name, bytes of its field `data`, all other fields → the message.
        once: the same, for a message whose size is another each time.
    """

    message: Callable[[str], Any]
    numbers: Callable[[list[float]], Any]
    integers: Callable[[NDArray[np.uint16]], Any]
    floats: Callable[[NDArray[np.float32]], Any]
    octets: Callable[[bytes], Any]
    with_data: Callable[[str, int, dict[str, Any]], MessageWithData]
    fresh_with_data: Callable[[str, int, dict[str, Any]], MessageWithData]


@cache
def rclpy_class(name: str) -> Any:
    """`package/msg/Name` → the class. ImportError when the package is not installed."""
    package, kind, message = name.split("/")
    return getattr(importlib.import_module(f"{package}.{kind}"), message)


def _with_data(name: str, count: int, fields: dict[str, Any]) -> MessageWithData:
    message = rclpy_class(name)(**fields)
    # In place: rclpy copies what is given to the constructor, checks what is assigned element by
    # element (300 ms for a 1080p image), or copies it, depending on its version.
    message.data.frombytes(bytes(count))
    return MessageWithData(message, np.frombuffer(message.data, np.uint8))


def _keep_messages() -> Callable[[str, int, dict[str, Any]], MessageWithData]:
    kept: OrderedDict[tuple[str, int], MessageWithData] = OrderedDict()

    def with_data(name: str, count: int, fields: dict[str, Any]) -> MessageWithData:
        found = kept.pop((name, count), None) or _with_data(name, count, fields)
        kept[name, count] = found  # the newest stands last
        if len(kept) > _MOST_KEPT:
            kept.popitem(last=False)
        for field, value in fields.items():
            setattr(found.message, field, value)
        return found

    return with_data


RCLPY_TYPES = MessageFactory(
    message=rclpy_class,
    numbers=lambda values: array.array("d", values),
    integers=lambda values: array.array("H", values.tobytes()),
    floats=lambda values: array.array("f", values.tobytes()),
    octets=lambda values: array.array("B", values),
    with_data=_with_data,
    fresh_with_data=_with_data,
)


def rclpy_types_for_one_thread() -> MessageFactory:
    """Returns RCLPY_TYPES in which a large message is the same object as a recent one of its size.

    Fresh megabytes cost more than filling them, because the system hands them out page by page.
    For a thread that publishes (and so serialises) each message before it makes the next.
    """
    return replace(RCLPY_TYPES, with_data=_keep_messages())
