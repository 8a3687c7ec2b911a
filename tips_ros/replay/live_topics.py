# SPDX-License-Identifier: Apache-2.0
"""Subscribes to what a running node hears and publishes, as far as somebody wants to see it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile

from tips_ros.messages.transforms import FIXED_TOPIC, MOVING_TOPIC
from tips_ros.messages.types import CAMERA_INFO, CLASS_MAP, rclpy_class
from tips_ros.ros.topics import qos

logger = logging.getLogger(__name__)

Take = Callable[[str, str, Any, int], None]
_TF_DEPTH = 100
_LATCHED_ENDINGS = ("memory/objects",)
_BESIDE = ("/diagnostics", MOVING_TOPIC, FIXED_TOPIC)


class LiveTopics:
    """Subscriptions to a node's topics; `look` adds those that came since."""

    def __init__(
        self,
        node: Node,
        watched: str,
        choose: Callable[[Mapping[str, str]], Collection[str]],
        take: Take,
    ) -> None:
        """
        Args:
            node: who subscribes; it is spun elsewhere.
            watched: the whole name of the node, as `/tips`.
            choose: of topics and their types, those to subscribe to.
            take: gets topic, type, message and the time it came, nanoseconds.
        """
        self._node, self._choose, self._take = node, choose, take
        self._namespace, _, self._name = f"/{watched.strip('/')}".rpartition("/")
        self._subscriptions: dict[str, Any] = {}
        self._missing: set[str] = set()

    def look(self) -> bool:
        """Subscribes to what is there now; whether the node is."""
        name, namespace = self._name, self._namespace or "/"
        if (name, namespace) not in self._node.get_node_names_and_namespaces():
            return False
        out = dict(self._node.get_publisher_names_and_types_by_node(name, namespace))
        into = dict(self._node.get_subscriber_names_and_types_by_node(name, namespace))
        beside = {topic: kinds for topic, kinds in self._node.get_topic_names_and_types()}
        found = {**into, **out, **{t: beside[t] for t in _BESIDE if t in beside}}
        types = {topic: kinds[0] for topic, kinds in found.items() if len(kinds) == 1}
        for topic in self._choose(types):
            if topic not in self._subscriptions and topic not in self._missing:
                self._subscribe(topic, types[topic], is_input=topic in into)
        return True

    def _subscribe(self, topic: str, type_name: str, *, is_input: bool) -> None:
        try:
            message_class = rclpy_class(type_name)
        except (ImportError, AttributeError):
            self._missing.add(topic)
            logger.warning("%s is not shown: %s is not installed", topic, type_name)
            return
        self._subscriptions[topic] = self._node.create_subscription(
            message_class, topic, self._taking(topic, type_name), _qos(topic, type_name, is_input)
        )

    def _taking(self, topic: str, type_name: str) -> Callable[[Any], None]:
        def take(message: Any) -> None:
            self._take(topic, type_name, message, self._node.get_clock().now().nanoseconds)

        return take


def _qos(topic: str, type_name: str, is_input: bool) -> QoSProfile:
    if topic == FIXED_TOPIC or type_name == CLASS_MAP or topic.endswith(_LATCHED_ENDINGS):
        return qos.latched()
    if topic == MOVING_TOPIC:
        return qos.sensor_input(_TF_DEPTH)
    return qos.sensor_input() if is_input or type_name == CAMERA_INFO else qos.output()
