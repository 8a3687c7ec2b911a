# SPDX-License-Identifier: Apache-2.0
"""The first image that comes from any of some cameras: where cameras publish, in which frame."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import rclpy
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from tips_ros.ros.inputs.topics import IMAGE_TYPES, first_published, image_topics
from tips_ros.ros.topics import qos

_LOOK_S = 0.2


class FirstImage:
    """Listens as a camera's own node would, until `wait` has seen an image.

    Attributes:
        topics: the topic of each camera's images, as far as is known.
        frame: of the first image that names one; empty while none came.
    """

    def __init__(self, node: Node, settings: Mapping[str, tuple[str, str]]) -> None:
        """
        Args:
            node: who listens.
            settings: of each camera what `image` is remapped to, and its transport.
        """
        self._node = node
        self._settings = settings
        self._subscriptions: dict[str, Any] = {}
        self.frame = ""
        self.topics = {name: image_topics(*setting)[0] for name, setting in settings.items()}

    def wait(self, timeout_s: float) -> str:
        """Waits for an image of any camera and returns its frame; empty when none comes.

        Raises:
            rclpy.executors.ExternalShutdownException: the context ended meanwhile.
        """
        end = time.monotonic() + timeout_s
        while not self.frame and time.monotonic() < end:
            for name in self._settings:
                self._listen(name)
            rclpy.spin_once(self._node, timeout_sec=_LOOK_S)
        for subscription in self._subscriptions.values():
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()
        return self.frame

    def _listen(self, name: str) -> None:
        base, transport = self._settings[name]
        found = first_published(image_topics(base, transport), IMAGE_TYPES[transport], self._types)
        if found is not None and name not in self._subscriptions:
            self.topics[name] = found
            self._subscriptions[name] = self._node.create_subscription(
                CompressedImage if transport == "compressed" else Image,
                found,
                self._on_image,
                qos.sensor_input(depth=1),
            )

    def _types(self, topic: str) -> set[str]:
        return {p.topic_type for p in self._node.get_publishers_info_by_topic(topic)}

    def _on_image(self, message: Any) -> None:
        self.frame = self.frame or message.header.frame_id
