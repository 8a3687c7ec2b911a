# SPDX-License-Identifier: Apache-2.0
"""One camera's subscriptions: images are handed on, the newest CameraInfo stays."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSCompatibility, qos_check_compatible
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from tips_ros.ros import qos
from tips_ros.ros.camera_names import input_topic
from tips_ros.ros.latest import Latest
from tips_ros.ros.statistics import Statistics

if TYPE_CHECKING:  # from Lyrical on it is in rclpy.endpoint_info
    from rclpy.topic_endpoint_info import TopicEndpointInfo

_COMPRESSED = "/compressed"


class Received(NamedTuple):
    """An image message and when it arrived (time.monotonic)."""

    message: Any
    at: float


class CameraInput:
    """Subscribes on creation; `close` undoes it."""

    def __init__(
        self,
        node: Node,
        camera: str,
        transport: str,
        group: CallbackGroup,
        statistics: Statistics,
        latest: Latest[Received],
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
        # As image_transport does: the compressed topic hangs below the remapped base topic.
        base = node.resolve_topic_name(input_topic(camera, "image"))
        compressed = transport == "compressed" and not base.endswith(_COMPRESSED)
        self.topic = base + _COMPRESSED if compressed else base
        self.info_topic = node.resolve_topic_name(input_topic(camera, "camera_info"))
        self._image = node.create_subscription(
            CompressedImage if transport == "compressed" else Image,
            self.topic,
            self._on_image,
            qos.sensor_input(),
            callback_group=group,
            qos_overriding_options=qos.overridable(),
        )
        self._info = node.create_subscription(
            CameraInfo,
            self.info_topic,
            self._on_camera_info,
            qos.sensor_input(),
            callback_group=group,
            qos_overriding_options=qos.overridable(),
        )

    def close(self) -> None:
        """Unsubscribes."""
        self._node.destroy_subscription(self._image)
        self._node.destroy_subscription(self._info)

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
        wanted = f"sensor_msgs/msg/{self._image.msg_type.__name__}"
        of_type = [p for p in found if p.topic_type == wanted]
        if not of_type:
            return f"the node expects {wanted}: remap `image`, or set image_transport"
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
        self._statistics.arrived()
        if self._latest.put(self._name, Received(message, time.monotonic())):
            self._statistics.dropped("superseded")

    def _on_camera_info(self, message: CameraInfo) -> None:
        self.camera_info = message
