# SPDX-License-Identifier: Apache-2.0
"""The classes in force, and the latched topics that tell them before the first mask with them."""

from __future__ import annotations

import logging
import threading
from typing import Any, NamedTuple

from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from tips_ros.msg import ClassMap
from tips_ros.perception.language.prompts import Prompts
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.labelling import Labelling
from tips_ros.ros import qos
from tips_ros.ros.conversions import class_map_message, label_info_message
from tips_ros.ros.message_types import LABEL_INFO, RCLPY_TYPES, rclpy_class

logger = logging.getLogger(__name__)


class InForce(NamedTuple):
    """The classes that pixels get, and what they were made from."""

    labelling: Labelling
    prompts: Prompts | None = None  # None: the model's own classes


class ClassBoard:
    """Holds what is in force; announces a change before the first mask that uses it."""

    def __init__(self, node: LifecycleNode, predictor: Predictor) -> None:
        """Begins with the model's own classes, not announced yet."""
        self._node = node
        self._description = predictor.description
        self._has_own = "semantic" in predictor.outputs
        self._lock = threading.Lock()
        self._in_force = InForce(predictor.own_labelling)
        self._announced: Labelling | None = None
        self._newest_ns = -1  # stamp of the newest frame that classes were handed out for
        self._class_map = node.create_lifecycle_publisher(
            ClassMap, "~/semantic/classes", qos.latched()
        )
        self._label_info = self._label_info_publisher()

    @property
    def in_force(self) -> InForce:
        """What the next frame is labelled with."""
        return self._in_force

    def replace(self, in_force: InForce) -> int:
        """From the next frame on; the least stamp in ns that this frame can have."""
        with self._lock:
            self._in_force = in_force
            return self._newest_ns + 1

    def announce_first(self) -> None:
        """Tells the classes before any frame came: its zero stamp is earlier than every frame's."""
        self._announce(self._in_force.labelling, Header())

    def for_frame(self, header: Any) -> Labelling:
        """The classes to label this frame with; announced by the time it returns."""
        with self._lock:
            labelling = self._in_force.labelling
            self._newest_ns = header.stamp.sec * 10**9 + header.stamp.nanosec
        if labelling is not self._announced:
            self._announce(labelling, header)
        return labelling

    def close(self) -> None:
        """Destroys the publishers."""
        for publisher in (self._class_map, self._label_info):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)

    def _announce(self, labelling: Labelling, header: Any) -> None:
        d = self._description
        if labelling.source == "model" and not self._has_own:
            # Without a segmentation head no pixel has a class until there are prompts.
            empty = ClassMap(header=header, model=d.name, trained=d.trained, source=ClassMap.MODEL)
            self._class_map.publish(empty)
        else:
            message = class_map_message(RCLPY_TYPES, header, labelling, d.name, d.trained)
            self._class_map.publish(message)
            if self._label_info is not None:
                classes = rclpy_class(LABEL_INFO), rclpy_class("vision_msgs/msg/VisionClass")
                self._label_info.publish(label_info_message(*classes, header, labelling))
        self._announced = labelling

    def _label_info_publisher(self) -> Any:
        try:
            label_info = rclpy_class(LABEL_INFO)
        except ImportError:
            logger.info("vision_msgs is not installed: no ~/semantic/label_info")
            return None
        return self._node.create_lifecycle_publisher(
            label_info, "~/semantic/label_info", qos.latched()
        )
