# SPDX-License-Identifier: Apache-2.0
"""One camera's subscriptions: images are handed on, the newest CameraInfo stays."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSCompatibility, qos_check_compatible
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from tips_ros.ros import parameters, qos
from tips_ros.ros.camera_names import input_topic
from tips_ros.ros.latest import Latest
from tips_ros.ros.statistics import FrameAccount, Statistics

_COMPRESSED = "/compressed"


class ReceivedImage(NamedTuple):
    """An image message, when it arrived, and the account of its fate."""

    message: Any
    at: float  # time.monotonic
    account: FrameAccount


class CameraInput:
    """Subscribes on creation; `close` undoes it for good. Methods may come from any thread."""

    def __init__(
        self,
        node: Node,
        camera: str,
        transport: str,
        group: CallbackGroup,
        statistics: Statistics,
        latest: Latest[ReceivedImage],
    ) -> None:
        """Subscribes to `image` (or `<image>/compressed`) and `camera_info`.

        Args:
            node: who subscribes; its remappings apply.
            camera: its name.
            transport: `raw` or `compressed`.
            group: the callback group of both subscriptions.
            statistics: told of arrivals and of frames that a newer one superseded.
            latest: where images go.
        """
        self._node = node
        self._name = camera
        self._statistics = statistics
        self._latest = latest
        self.camera_info: CameraInfo | None = None
        self.topic = image_topic(node, camera)
        self.info_topic = node.resolve_topic_name(input_topic(camera, "camera_info"))
        self._type = CompressedImage if transport == "compressed" else Image
        self._group = group
        self._lock = threading.Lock()
        self._closed = False
        self._image: Any = None
        self._info: Any = None
        try:
            self.listen()
        except Exception:  # a QoS override that can't be
            self.close()
            raise

    @property
    def listens(self) -> bool:
        """Whether it is subscribed to the images."""
        return self._image is not None

    def listen(self) -> bool:
        """Subscribes to the images and their CameraInfo; False where it was, or is closed."""
        with self._lock:
            if self._closed or self._image is not None:
                return False
            self._info = self._subscription(CameraInfo, self.info_topic, self._on_camera_info)
            self._image = self._subscription(self._type, self.topic, self._on_image)
            return True

    def rest(self) -> bool:
        """Unsubscribes until `listen`; the newest CameraInfo stays. False where it was resting."""
        with self._lock:
            was = self._image is not None
            self._unsubscribe()
            return was

    def close(self) -> None:
        """Unsubscribes; whoever still sees demand does not subscribe again."""
        with self._lock:
            self._closed = True
            self._unsubscribe()

    def _unsubscribe(self) -> None:
        for subscription in (self._image, self._info):
            if subscription is not None:
                self._node.destroy_subscription(subscription)
        self._image = self._info = None

    def _subscription(self, type_: Any, topic: str, callback: Any) -> Any:
        return self._node.create_subscription(
            type_,
            topic,
            callback,
            qos.sensor_input(),
            callback_group=self._group,
            qos_overriding_options=qos.overridable(),
        )

    def publishers_found(self) -> str:
        """Who publishes the image topic and with which QoS, and what to do about it, for people."""
        found = self._node.get_publishers_info_by_topic(self.topic)
        if not found:
            remap = f"remap `{input_topic(self._name, 'image')}` or start the camera"
            return f"nobody publishes it; {self._other_transport() or remap}"
        kinds = ", ".join(
            f"{p.node_name} ({p.topic_type}, {p.qos_profile.reliability.name.lower()}, "
            f"{p.qos_profile.durability.name.lower()})"
            for p in found
        )
        return f"published by {kinds}; {self._remedy(found)}"

    def _remedy(self, found: Sequence[TopicEndpointInfo]) -> str:
        """What is wrong with all of the publishers, as the first of them tells."""
        wanted = f"sensor_msgs/msg/{self._type.__name__}"
        of_type = [p for p in found if p.topic_type == wanted]
        if not of_type:
            return f"the node expects {wanted}: remap `image`, or set image_transport"
        if self._image is None:
            return "it rests until somebody wants an output"
        asked = self._image.qos_profile
        if all(
            qos_check_compatible(p.qos_profile, asked)[0] == QoSCompatibility.ERROR for p in of_type
        ):
            offered = of_type[0].qos_profile.reliability.name.lower()
            return (
                f"the node asks for {asked.reliability.name.lower()}: set "
                f"qos_overrides.{self.topic}.subscription.reliability to {offered}"
            )
        return "type and QoS fit: it is silent"

    def _other_transport(self) -> str:
        """Advice where the camera publishes only what was not asked for: raw or compressed."""
        base = self.topic.removesuffix(_COMPRESSED)
        for topic, transport in ((base, "raw"), (base + _COMPRESSED, "compressed")):
            if topic != self.topic and self._node.count_publishers(topic):
                return f"but {topic} is: set image_transport to {transport}"
        return ""

    def _on_image(self, message: Any) -> None:
        image = ReceivedImage(message, time.monotonic(), self._statistics.arrived())
        displaced = self._latest.put(self._name, image)
        if displaced is not None:
            displaced.account.drop("deactivated" if displaced is image else "superseded")

    def _on_camera_info(self, message: CameraInfo) -> None:
        self.camera_info = message


def image_topic(node: Node, camera: str) -> str:
    """The full name of a camera's image topic.

    As image_transport does: the compressed topic hangs below the remapped base topic.
    """
    base: str = node.resolve_topic_name(input_topic(camera, "image"))
    compressed = parameters.value(node, "image_transport", camera) == "compressed"
    return base + _COMPRESSED if compressed and not base.endswith(_COMPRESSED) else base
