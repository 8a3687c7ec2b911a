# SPDX-License-Identifier: Apache-2.0
"""The classes in force: the latched topics that tell them and the service that changes them."""

from __future__ import annotations

import logging
import threading
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from tips_ros.msg import ClassMap
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.semantic_classes import (
    PromptError,
    SemanticClasses,
    chosen_classes,
    own_classes,
)
from tips_ros.ros import qos
from tips_ros.ros.conversions import class_map_message, label_info_message
from tips_ros.ros.message_types import LABEL_INFO, RCLPY_TYPES, rclpy_class
from tips_ros.srv import SetPrompts

logger = logging.getLogger(__name__)
_NAMED = 8  # classes written out in a message


class ClassBoard:
    """Holds the classes; announces a change before the first mask that uses it."""

    def __init__(
        self, node: LifecycleNode, description: ModelDescription, group: CallbackGroup
    ) -> None:
        self._node = node
        self._description = description
        self._lock = threading.Lock()
        self._current = own_classes(description.classes)
        self._announced: SemanticClasses | None = None
        self._newest_ns = -1  # stamp of the newest frame that classes were handed out for
        self._class_map = node.create_lifecycle_publisher(
            ClassMap, "~/semantic/classes", qos.latched()
        )
        self._label_info = self._label_info_publisher()
        self._service = node.create_service(
            SetPrompts, "~/set_prompts", self._on_set_prompts, callback_group=group
        )

    def announce_first(self) -> None:
        """Tells the classes before any frame came: its zero stamp is earlier than every frame's."""
        self._announce(self._current, Header())

    def for_frame(self, header: Any) -> SemanticClasses:
        """The classes to label this frame with; announced by the time it returns."""
        with self._lock:
            semantic = self._current
            self._newest_ns = header.stamp.sec * 10**9 + header.stamp.nanosec
        if semantic is not self._announced:
            self._announce(semantic, header)
        return semantic

    def close(self) -> None:
        """Destroys the publishers and the service."""
        self._node.destroy_service(self._service)
        for publisher in (self._class_map, self._label_info):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)

    def _announce(self, semantic: SemanticClasses, header: Any) -> None:
        d = self._description
        self._class_map.publish(class_map_message(RCLPY_TYPES, header, semantic, d.name, d.trained))
        if self._label_info is not None:
            classes = rclpy_class(LABEL_INFO), rclpy_class("vision_msgs/msg/VisionClass")
            self._label_info.publish(label_info_message(*classes, header, semantic))
        self._announced = semantic

    def _on_set_prompts(
        self, request: SetPrompts.Request, response: SetPrompts.Response
    ) -> SetPrompts.Response:
        own = self._description.classes
        try:
            semantic = (
                chosen_classes(own, request.prompts, request.threshold, request.background)
                if request.prompts
                else own_classes(own)
            )
        except PromptError as error:
            response.success, response.message = False, str(error)
            semantic = self._current
        else:
            with self._lock:
                self._current = semantic
                active_ns = self._newest_ns + 1
            response.success = True
            response.message = f"classes: {', '.join(semantic.classes.names[:_NAMED])}" + (
                f" and {len(semantic.classes) - _NAMED} more"
                if len(semantic.classes) > _NAMED
                else ""
            )
            logger.info("%s, from %s", response.message, semantic.source)
            response.active_from.sec, response.active_from.nanosec = divmod(active_ns, 10**9)
        response.names = list(semantic.classes.names)
        response.ids = list(semantic.classes.ids)
        return response

    def _label_info_publisher(self) -> Any:
        try:
            label_info = rclpy_class(LABEL_INFO)
        except ImportError:
            logger.info("vision_msgs is not installed: no ~/semantic/label_info")
            return None
        return self._node.create_lifecycle_publisher(
            label_info, "~/semantic/label_info", qos.latched()
        )
