# SPDX-License-Identifier: Apache-2.0
"""One camera's subscriptions: images are handed on, the newest CameraInfo stays."""

from __future__ import annotations

import logging
import time
from typing import Any, NamedTuple

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from tips_ros.ros import qos
from tips_ros.ros.camera_names import input_topic
from tips_ros.ros.input_oddities import InputOddities
from tips_ros.ros.input_topics import (
    CAMERA_INFO,
    IMAGE_TYPES,
    camera_info_topics,
    first_published,
    image_topics,
)
from tips_ros.ros.latest import Latest
from tips_ros.ros.silence_advice import (
    Setting,
    advise_on_camera_info,
    advise_on_images,
    publishers,
)
from tips_ros.ros.statistics import Statistics

logger = logging.getLogger(__name__)

_LOOK_AGAIN_S = 1.0
# A CameraInfo that somebody publishes is waited for this long from the first image on.
_PATIENCE_S = 2.0


class Received(NamedTuple):
    """An image message and when it arrived (time.monotonic)."""

    message: Any
    at: float


class CameraInput:
    """Subscribes on creation; `close` undoes it.

    Of the topics that images and CameraInfo may come on, the one that is published is taken, and
    looked for again once a second.

    Attributes:
        topic, info_topic: what is listened to now.
        camera_info: the newest; None until one came.
    """

    def __init__(
        self,
        node: Node,
        camera: str,
        transport: str,
        group: CallbackGroup,
        statistics: Statistics,
        latest: Latest[Received],
    ) -> None:
        """Subscribes to the images and to the CameraInfo.

        Args:
            node: who subscribes; its remappings apply.
            camera: its name.
            transport: `raw`: images on `image`; `compressed`: on `image/compressed`, or on `image`
                itself.
            group: the callback group of both subscriptions.
            statistics: told of arrivals and of frames that a newer one superseded.
            latest: where images go.
        """
        self._node = node
        self._name = camera
        self._group = group
        self._statistics = statistics
        self._latest = latest
        self.camera_info: CameraInfo | None = None
        self._setting = Setting(node.resolve_topic_name(input_topic(camera, "image")), transport)
        below = image_topics(*self._setting)
        self._image_topics = (*map(node.resolve_topic_name, below[:-1]), below[-1])
        self._info_topics = self._possible_info_topics()
        self._first_image_at: float | None = None
        self._oddities = InputOddities()
        self._image: Subscription | None = None
        self.topic = self._published_image_topic() or self._image_topics[0]
        self.info_topic = self._published_info_topic() or self._info_topics[0]
        self._subscribe_image()
        self._info = self._subscription(CameraInfo, self.info_topic, self._on_camera_info)
        self._say_where_camera_info_is()
        self._look_again = node.create_timer(
            _LOOK_AGAIN_S,
            self._follow_publishers,
            callback_group=group,
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )

    def close(self) -> None:
        """Unsubscribes."""
        self._node.destroy_timer(self._look_again)
        self._unsubscribe_image()
        self._node.destroy_subscription(self._info)

    def publishers_found(self) -> str:
        """Who publishes the image topic and with which QoS, and what to do about it, for people."""
        graph = publishers(self._node, *self._image_topics)
        asked = self._image.qos_profile if self._image else qos.sensor_input()
        return advise_on_images(self._name, self._setting, self.topic, asked, graph)

    @property
    def camera_info_is_missing(self) -> bool:
        """Whether none came although one is due; not while a published one is on its way."""
        if self.camera_info is not None:
            return False
        waits_since = self._first_image_at
        patient = waits_since is None or time.monotonic() - waits_since < _PATIENCE_S
        return not (patient and self._published_info_topic())

    def camera_info_found(self) -> str:
        """Who publishes the CameraInfo's topic, and what to do about it, for people."""
        graph = publishers(self._node, *self._info_topics)
        asked: QoSProfile = self._info.qos_profile
        return advise_on_camera_info(
            self._name, self._setting.base, self.info_topic, asked, graph
        )

    def _subscribe_image(self) -> None:
        type_ = CompressedImage if self._setting.transport == "compressed" else Image
        self._image = self._subscription(type_, self.topic, self._on_image)

    def _unsubscribe_image(self) -> None:
        if self._image is not None:
            self._node.destroy_subscription(self._image)
        self._image = None

    def _subscription(self, type_: type, topic: str, callback: Any) -> Subscription:
        return self._node.create_subscription(
            type_,
            topic,
            callback,
            qos.sensor_input(),
            callback_group=self._group,
            qos_overriding_options=qos.overridable(),
        )

    def _possible_info_topics(self) -> tuple[str, ...]:
        """The one of that name, and where it was not chosen by a remapping those near the image."""
        name = input_topic(self._name, "camera_info")
        chosen = self._node.resolve_topic_name(name)
        near = camera_info_topics(self._setting.base)
        if chosen != self._node.resolve_topic_name(name, only_expand=True) and chosen != near[0]:
            return (chosen,)
        return tuple(dict.fromkeys((chosen, *near)))

    def _published_image_topic(self) -> str | None:
        return first_published(
            self._image_topics, IMAGE_TYPES[self._setting.transport], self._types_on
        )

    def _published_info_topic(self) -> str | None:
        return first_published(self._info_topics, CAMERA_INFO, self._types_on)

    def _types_on(self, topic: str) -> set[str]:
        return {p.topic_type for p in self._node.get_publishers_info_by_topic(topic)}

    def _follow_publishers(self) -> None:
        """Listens to what is published by now; nothing changes while nobody publishes."""
        self._follow_camera_info()
        if len(self._image_topics) > 1:
            self._follow_image()
        nodes = [
            f"{p.node_namespace.rstrip('/')}/{p.node_name}"
            for p in self._node.get_publishers_info_by_topic(self.topic)
        ]
        self._oddities.check_publishers(self.topic, nodes)

    def _follow_image(self) -> None:
        topic = self._published_image_topic() or self.topic
        if topic == self.topic:
            return
        if self._image is not None:
            moved = self._moved(self._image, topic)
            if moved is self._image:
                self._image_topics = tuple(t for t in self._image_topics if t != topic)
                return
            self._image = moved
        logger.info("listening to %s, which is published, not to %s", topic, self.topic)
        self.topic = topic

    def _follow_camera_info(self) -> None:
        topic = self._published_info_topic() or self.info_topic
        if topic == self.info_topic:
            return
        moved = self._moved(self._info, topic)
        if moved is self._info:
            self._info_topics = tuple(t for t in self._info_topics if t != topic)
            return
        self._info, self.info_topic = moved, topic
        self._say_where_camera_info_is()

    def _moved(self, before: Subscription, topic: str) -> Subscription:
        """The subscription on another topic; as it is where that topic's QoS overrides are none."""
        try:
            after = self._subscription(before.msg_type, topic, before.callback)
        except Exception as error:
            logger.error("not listening to %s: %s: %s", topic, type(error).__name__, error)
            return before
        self._node.destroy_subscription(before)
        return after

    def _say_where_camera_info_is(self) -> None:
        if self.info_topic != self._info_topics[0]:
            logger.info(
                "CameraInfo is taken from %s, near the image, because nobody publishes %s; another "
                "one: -r %s:=<topic>",
                self.info_topic,
                self._info_topics[0],
                input_topic(self._name, "camera_info"),
            )

    def _on_image(self, message: Any) -> None:
        now = time.monotonic()
        if self._first_image_at is None:
            self._first_image_at = now
            self._follow_camera_info()
        self._oddities.check_frame(self.topic, message.header.frame_id)
        self._statistics.arrived()
        if self._latest.put(self._name, Received(message, now)):
            self._statistics.dropped("superseded")

    def _on_camera_info(self, message: CameraInfo) -> None:
        self.camera_info = message
