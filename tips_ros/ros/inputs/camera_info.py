# SPDX-License-Identifier: Apache-2.0
"""One camera's CameraInfo: the newest one, from the topic of that name or from near the image."""

from __future__ import annotations

import logging
import time

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from tips_ros.ros.inputs.silence_advice import advise_on_camera_info, publishers
from tips_ros.ros.inputs.subscription import move_subscription, published_types, subscribe
from tips_ros.ros.inputs.topics import CAMERA_INFO, camera_info_topics, first_published
from tips_ros.ros.topics import qos
from tips_ros.ros.topics.names import input_topic

logger = logging.getLogger(__name__)

# One that somebody publishes is waited for this long from the first image on.
_PATIENCE_S = 2.0


class CameraInfoInput:
    """Subscribes at `listen`; `rest` undoes it, and keeps the newest.

    Attributes:
        topic: what is listened to now.
        newest: None until one came.
    """

    def __init__(self, node: Node, camera: str, base: str, group: CallbackGroup) -> None:
        """
        Args:
            node: who subscribes; its remappings apply.
            camera: its name.
            base: what its `image` is remapped to, in full.
            group: the callback group of the subscription.
        """
        self._node, self._camera, self._base = node, camera, base
        self.newest: CameraInfo | None = None
        self._first_image_at: float | None = None
        self._topics = self._possible_topics()
        self.topic = self._published_topic() or self._topics[0]
        self._group = group
        self._subscription: Subscription | None = None
        self._say_where_it_is()

    def listen(self) -> None:
        """Subscribes, where it has not."""
        if self._subscription is None:
            self._subscription = subscribe(
                self._node, CameraInfo, self.topic, self._on_message, self._group
            )

    def rest(self) -> None:
        """Unsubscribes."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._subscription = None

    def follow_publishers(self) -> None:
        """Listens to the topic that is published by now; nothing changes while none is."""
        topic = self._published_topic() or self.topic
        if topic == self.topic:
            return
        if self._subscription is not None:
            after = move_subscription(self._node, self._subscription, topic, self._on_message)
            if after is None:
                self._topics = tuple(t for t in self._topics if t != topic)
                return
            self._subscription = after
        self.topic = topic
        self._say_where_it_is()

    def image_came(self) -> None:
        """From the first image on a CameraInfo is due."""
        if self._first_image_at is None:
            self._first_image_at = time.monotonic()
            self.follow_publishers()

    @property
    def missing(self) -> bool:
        """Whether none came although one is due; not while a published one is on its way."""
        if self.newest is not None:
            return False
        since = self._first_image_at
        patient = since is None or time.monotonic() - since < _PATIENCE_S
        return not (patient and self._published_topic())

    def advice(self) -> str:
        """Describes who publishes the topic, and what to do about it."""
        graph = publishers(self._node, *self._topics)
        asked = self._subscription.qos_profile if self._subscription else qos.sensor_input()
        return advise_on_camera_info(self._camera, self._base, self.topic, asked, graph)

    def _possible_topics(self) -> tuple[str, ...]:
        """The one of that name, and where it was not chosen by a remapping those near the image."""
        name = input_topic(self._camera, "camera_info")
        chosen = self._node.resolve_topic_name(name)
        near = camera_info_topics(self._base)
        if chosen != self._node.resolve_topic_name(name, only_expand=True) and chosen != near[0]:
            return (chosen,)
        return tuple(dict.fromkeys((chosen, *near)))

    def _published_topic(self) -> str | None:
        return first_published(self._topics, CAMERA_INFO, lambda t: published_types(self._node, t))

    def _say_where_it_is(self) -> None:
        if self.topic != self._topics[0]:
            logger.info(
                "CameraInfo is taken from %s, near the image, because nobody publishes %s; another "
                "one: -r %s:=<topic>",
                self.topic,
                self._topics[0],
                input_topic(self._camera, "camera_info"),
            )

    def _on_message(self, message: CameraInfo) -> None:
        self.newest = message
