# SPDX-License-Identifier: Apache-2.0
"""ROS 2 bags, read and written in pure Python: no ROS installation, no running graph."""

from tips_ros.bags.camera import CameraTopics, find_camera
from tips_ros.bags.errors import BagError
from tips_ros.bags.place import check_place
from tips_ros.bags.reader import BagMessage, BagReader
from tips_ros.bags.topics import TopicInfo
from tips_ros.bags.types import default_typestore
from tips_ros.bags.writer import BagWriter

__all__ = [
    "BagError",
    "BagMessage",
    "BagReader",
    "BagWriter",
    "CameraTopics",
    "TopicInfo",
    "check_place",
    "default_typestore",
    "find_camera",
]
