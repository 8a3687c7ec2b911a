# SPDX-License-Identifier: Apache-2.0
"""One camera's subscriptions: images are handed on, the newest CameraInfo stays."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, NamedTuple

from rclpy.callback_groups import CallbackGroup
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from tips_ros.messages.conversions import stamp_ns
from tips_ros.ros.health.statistics import FrameAccount, Statistics
from tips_ros.ros.inputs.camera_info import CameraInfoInput
from tips_ros.ros.inputs.latest_images import LatestImages
from tips_ros.ros.inputs.oddities import InputOddities
from tips_ros.ros.inputs.published import publishers
from tips_ros.ros.inputs.silence_advice import Setting, advise_on_images
from tips_ros.ros.inputs.subscription import move_subscription, published_types, subscribe
from tips_ros.ros.inputs.topics import IMAGE_TYPES, first_published, image_topics
from tips_ros.ros.topics import qos
from tips_ros.ros.topics.guarded_node import GuardedNode
from tips_ros.ros.topics.names import input_topic

logger = logging.getLogger(__name__)

_LOOK_AGAIN_S = 1.0


class ReceivedImage(NamedTuple):
    """An image message, its stamp, when it arrived, and the account of its fate."""

    message: Any
    stamp_ns: int
    at: float  # time.monotonic
    account: FrameAccount


class CameraSubscription:
    """Subscribes on creation; `close` undoes it.

    Of the topics that images and CameraInfo may come on, the one that is published is taken, and
    looked for again once a second.

    Attributes:
        topic: the images that are listened to now.
    """

    def __init__(
        self,
        node: GuardedNode,
        camera: str,
        transport: str,
        group: CallbackGroup,
        statistics: Statistics,
        latest: LatestImages[ReceivedImage],
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
        self._oddities = InputOddities()
        # Whoever wants outputs, who publishes, and transitions: each comes from its own thread.
        self._lock = threading.RLock()
        self._closed = self._seen_one = False
        self._frame_id: str | None = None  # of the newest image
        self._setting = Setting(node.resolve_topic_name(input_topic(camera, "image")), transport)
        *below, base = image_topics(*self._setting)
        self._topics: tuple[str, ...] = (*map(node.resolve_topic_name, below), base)
        self.topic = self._published_topic() or self._topics[0]
        self._image: Subscription | None = None
        self._info = CameraInfoInput(node, camera, base, group)
        try:
            self.listen()
        except Exception:  # a QoS override that can't be
            self.rest()
            raise
        self._look_again = node.create_steady_timer(_LOOK_AGAIN_S, self._follow_publishers, group)

    @property
    def camera_info(self) -> CameraInfo | None:
        """The newest CameraInfo; None until one came."""
        return self._info.newest

    @property
    def info_topic(self) -> str:
        """The CameraInfo that is listened to now."""
        return self._info.topic

    @property
    def camera_info_is_missing(self) -> bool:
        """Whether none came although one is due; not while a published one is on its way."""
        return self._info.missing

    @property
    def listens(self) -> bool:
        """Whether it is subscribed to the images."""
        return self._image is not None

    def listen(self) -> bool:
        """Subscribes to the images and their CameraInfo; False where it was, or is closed."""
        with self._lock:
            if self._image is not None or self._closed:
                return False
            self._info.listen()
            self._subscribe_image()
            return True

    def rest(self) -> bool:
        """Unsubscribes until `listen`; the newest CameraInfo stays. False where it was resting."""
        with self._lock:
            listened = self.listens
            self._unsubscribe_image()
            self._info.rest()
            return listened

    def close(self) -> None:
        """Unsubscribes."""
        self._node.destroy_timer(self._look_again)
        with self._lock:
            self._closed = True
            self.rest()

    def publishers_found(self) -> str:
        """Describes who publishes the image topic, with which QoS, and what to do about it."""
        graph = publishers(self._node, *self._topics)
        if self._image is None and self._published_topic():
            return "it rests until somebody wants an output"
        asked = self._image.qos_profile if self._image else qos.sensor_input()
        return advise_on_images(self._name, self._setting, self.topic, asked, graph)

    def camera_info_found(self) -> str:
        """Describes who publishes the CameraInfo's topic, and what to do about it."""
        return self._info.advice()

    def _subscribe_image(self) -> None:
        type_ = CompressedImage if self._setting.transport == "compressed" else Image
        self._image = subscribe(self._node, type_, self.topic, self._on_image, self._group)

    def _unsubscribe_image(self) -> None:
        if self._image is not None:
            self._node.destroy_subscription(self._image)
        self._image = None

    def _published_topic(self) -> str | None:
        type_ = IMAGE_TYPES[self._setting.transport]
        return first_published(self._topics, type_, lambda t: published_types(self._node, t))

    def _follow_publishers(self) -> None:
        """Listens to what is published by now; nothing changes while nobody publishes."""
        with self._lock:
            if self._closed:
                return
            self._info.follow_publishers()
            if len(self._topics) > 1:
                self._follow_image()
        nodes = [
            f"{p.node_namespace.rstrip('/')}/{p.node_name}"
            for p in self._node.get_publishers_info_by_topic(self.topic)
        ]
        self._oddities.check_publishers(self.topic, nodes)

    def _follow_image(self) -> None:
        topic = self._published_topic() or self.topic
        if topic == self.topic:
            return
        if self._image is not None:
            after = move_subscription(self._node, self._image, topic, self._on_image)
            if after is None:
                self._topics = tuple(t for t in self._topics if t != topic)
                return
            self._image = after
        logger.info("listening to %s, which is published, not to %s", topic, self.topic)
        self.topic = topic

    def _on_image(self, message: Any) -> None:
        if not self._seen_one:
            with self._lock:
                if not self._closed:
                    self._info.image_came()
                    self._seen_one = True
        if message.header.frame_id != self._frame_id:
            self._frame_id = message.header.frame_id
            self._oddities.check_frame(self.topic, self._frame_id)
        at_ns = stamp_ns(message.header)
        image = ReceivedImage(message, at_ns, time.monotonic(), self._statistics.count_arrival())
        displaced = self._latest.put(self._name, image)
        if displaced is not None:
            displaced.account.drop("deactivated" if displaced is image else "superseded")
