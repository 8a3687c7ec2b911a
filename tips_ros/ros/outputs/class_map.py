# SPDX-License-Identifier: Apache-2.0
"""The latched topics that tell what a camera's class ids mean."""

from __future__ import annotations

import logging
from typing import Any

from rclpy.lifecycle import LifecycleNode

from tips_ros.libraries import ros_install
from tips_ros.messages.conversions import class_map_message, label_info_message, stamp_ns
from tips_ros.messages.types import LABEL_INFO, RCLPY_TYPES, rclpy_class
from tips_ros.msg import ClassMap
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.ros.topics import qos
from tips_ros.ros.topics.latched_history import LatchedHistory
from tips_ros.ros.topics.names import ONLY, output_topic

logger = logging.getLogger(__name__)

# What a reader of the topics knows: model, trained, source, classes, threshold.
ClassHistory = LatchedHistory[tuple[Any, ...]]


class ClassMapPublisher:
    """`~/semantic/classes` and, where vision_msgs is installed, `~/semantic/label_info`."""

    def __init__(
        self,
        node: LifecycleNode,
        predictor: Predictor,
        camera: str = ONLY,
        history: ClassHistory | None = None,
    ) -> None:
        """
        Args:
            node: who publishes.
            predictor: whose classes.
            camera: its name.
            history: what these topics have said so far, where an earlier announcer did.
        """
        self._node = node
        self._description = predictor.description
        self._has_own = "semantic" in predictor.outputs
        self._history = history or ClassHistory()
        self._class_map = self._publisher(ClassMap, output_topic(camera, "semantic/classes"))
        self._label_info = None
        self._label_space: LabelSpace | None = None  # of the newest frame, and what it tells
        self._told: tuple[Any, ...] = ()
        self._missing = ""  # a topic that nobody was warned of yet
        topic = output_topic(camera, "semantic/label_info")
        try:
            self._label_info = self._publisher(rclpy_class(LABEL_INFO), topic)
        except ImportError:
            logger.info("vision_msgs is not installed: no %s", topic)
            self._missing = topic

    def announce(self, label_space: LabelSpace, header: Any, stamp_ns: int) -> None:
        """Publishes the classes of a frame, unless its readers know them from earlier frames.

        Always from the same thread.
        """
        if self._missing and self._node.count_subscribers(self._missing):
            logger.warning(
                "somebody listens to %s, which is not there without vision_msgs: Nav2's "
                "semantic_segmentation_layer gets no class names and ends in an error with the "
                "first mask; %s, and start this node again",
                self._missing,
                ros_install("vision_msgs"),
            )
            self._missing = ""
        if label_space is not self._label_space:
            self._label_space, self._told = label_space, self._content(label_space)
        settled = self._history.settled
        if settled is not None and settled[0] <= stamp_ns and settled[1] is self._told:
            return
        if self._history.needs(stamp_ns, self._told):
            self.publish(label_space, header)

    def publish(self, label_space: LabelSpace, header: Any) -> None:
        """Publishes the classes, with the header of the first frame that has them."""
        d = self._description
        if label_space.source == "model" and not self._has_own:
            # Without a segmentation head no pixel has a class until there are prompts.
            empty = ClassMap(header=header, model=d.name, trained=d.trained, source=ClassMap.MODEL)
            self._class_map.publish(empty)
        else:
            message = class_map_message(RCLPY_TYPES, header, label_space, d.name, d.trained)
            self._class_map.publish(message)
            if self._label_info is not None:
                classes = rclpy_class(LABEL_INFO), rclpy_class("vision_msgs/msg/VisionClass")
                self._label_info.publish(label_info_message(*classes, header, label_space))
        self._label_space, self._told = label_space, self._content(label_space)
        self._history.add(stamp_ns(header), self._told)

    def close(self) -> None:
        """Destroys the publishers."""
        for publisher in (self._class_map, self._label_info):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)

    def _content(self, label_space: LabelSpace) -> tuple[Any, ...]:
        d = self._description
        return d.name, d.trained, label_space.source, label_space.classes, label_space.threshold

    def _publisher(self, type_: Any, topic: str) -> Any:
        return self._node.create_lifecycle_publisher(
            type_,
            topic,
            qos.latched(),
            qos_overriding_options=qos.overridable(),
        )
