# SPDX-License-Identifier: Apache-2.0
"""Heat maps to aim by: a topic for each prompt in force, with pixels for whoever listens."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rclpy.node import Node
from sensor_msgs.msg import Image

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.perception.classes.topic_names import topic_names
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.perception.semantic.similarity import similarity_map
from tips_ros.ros.topics import qos
from tips_ros.ros.topics.names import ONLY, output_topic


class SimilarityPublishers:
    """`~/similarity/<name>` of the prompts; they come and go with the prompts.

    A change comes from another thread than the frames: a frame whose topic has just gone is not
    published, and one of a topic that stays is.
    """

    def __init__(self, node: Node, camera: str = ONLY) -> None:
        self._node = node
        self._camera = camera
        self._lock = threading.Lock()
        self._publishers: dict[str, Any] = {}  # by the last part of the topic's name

    def replace(self, label_space: LabelSpace) -> None:
        """Topics for these classes: they are there when it returns. None but by words."""
        names = topic_names(label_space.classes.names) if label_space.words is not None else ()
        # Hundreds take seconds on a busy machine: frames do not wait for them.
        before = self._publishers
        new: dict[str, Any] = {}
        try:
            for name in names:
                if name not in before:
                    new[name] = self._create(name)
        except Exception:  # a QoS override that can't be
            for publisher in new.values():
                self._destroy(publisher)
            raise
        with self._lock:
            self._publishers = {name: new.get(name) or before[name] for name in names}
        for gone in set(before) - set(names):
            self._destroy(before[gone])

    def subscribed_topics(self, label_space: LabelSpace) -> dict[str, int]:
        """The topics that have a subscriber now, with the position of their class."""
        with self._lock:
            heard = {n for n, p in self._publishers.items() if p.get_subscription_count()}
        if not heard or label_space.words is None:
            return {}
        names = topic_names(label_space.classes.names)
        return {name: position for position, name in enumerate(names) if name in heard}

    def publish(
        self,
        header: Any,
        wanted: Mapping[str, int],
        cosines: NDArray[np.float32],
        size: tuple[int, int],
    ) -> list[str]:
        """Publishes (K, h, w) cosines of classes, those wanted, raised to (H, W) pixels.

        Returns:
            The topics that were still there.
        """
        published = []
        for name, position in wanted.items():
            pixels = similarity_map(torch.from_numpy(cosines[position]), size)
            message = image_message(RCLPY_TYPES, header, pixels, "32FC1")
            with self._lock:
                if name in self._publishers:
                    self._publishers[name].publish(message)
                    published.append(name)
        return published

    def close(self) -> None:
        """Destroys the publishers."""
        with self._lock:
            for publisher in self._publishers.values():
                self._destroy(publisher)
            self._publishers.clear()

    def _create(self, name: str) -> Any:
        return self._node.create_publisher(
            Image,
            output_topic(self._camera, f"similarity/{name}"),
            qos.output(),
            qos_overriding_options=qos.overridable(),
            event_callbacks=qos.without_event_handlers(),
        )

    def _destroy(self, publisher: Any) -> None:
        """Ends a topic, and with it the parameters that rclpy declared for its overrides."""
        name: str = publisher.topic_name
        self._node.destroy_publisher(publisher)
        qos.forget_overrides(self._node, name)
