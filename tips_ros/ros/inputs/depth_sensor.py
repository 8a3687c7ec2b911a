# SPDX-License-Identifier: Apache-2.0
"""The topics on which another sensor says how far things are."""

from __future__ import annotations

from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import Image, LaserScan, PointCloud2

from tips_ros.messages.sensor_messages import SensorMessages
from tips_ros.messages.sensor_view import SensorKind
from tips_ros.ros.inputs.subscription import subscribe
from tips_ros.ros.topics.names import input_topic
from tips_ros.ros.transforms.tf import TransformLookup

_TOPICS: tuple[tuple[str, SensorKind, type], ...] = (
    ("sensor/depth", "image", Image),
    ("sensor/points", "points", PointCloud2),
    ("sensor/scan", "scan", LaserScan),
)


class DepthSensor(SensorMessages):
    """Subscribes to `sensor/depth`, `sensor/points` and `sensor/scan` of a camera on creation.

    Messages come from the executor's threads, and are asked for from one other; `close` ends it.
    """

    def __init__(
        self, node: Node, camera: str, frames: TransformLookup, group: CallbackGroup
    ) -> None:
        super().__init__(frames)
        self._node, self._lookup = node, frames
        self._subscriptions: list[Any] = []
        try:
            for name, kind, type_ in _TOPICS:
                self._subscribe(kind, type_, input_topic(camera, name), group)
        except Exception:  # a QoS override that can't be: the next frame tries again
            self.close()
            raise
        self.topics = " or ".join(one.topic_name for one in self._subscriptions)

    def close(self) -> None:
        """Unsubscribes."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self.clear()

    def _subscribe(self, kind: SensorKind, type_: type, topic: str, group: CallbackGroup) -> None:
        name = self._node.resolve_topic_name(topic)

        def take(message: Any) -> None:
            if kind != "image":
                self._lookup.listen()  # what is said before, nobody knows when it asks
            self.add(kind, name, message)

        self._subscriptions.append(subscribe(self._node, type_, topic, take, group))
