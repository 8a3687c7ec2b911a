# SPDX-License-Identifier: Apache-2.0
"""A camera that publishes and a viewer that notes when what came: the other ends of a node."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from tips_ros.messages.conversions import image_message
from tips_ros.messages.outputs import TOPICS
from tips_ros.messages.types import RCLPY_TYPES, rclpy_class
from tips_ros.replay.graph import RosSession
from tips_ros.replay.stamp_log import header_stamp_ns
from tips_ros.ros.topics import qos

_TYPES = {topic.name: topic.type for topic in TOPICS}


class Arrival(NamedTuple):
    """A message at the viewer."""

    topic: str
    stamp_ns: int  # when its image left the camera
    at_ns: int


class Camera:
    """A camera's driver: the stamp of a picture is that of the moment before it leaves."""

    def __init__(self, topics: Sequence[str], size: tuple[int, int]) -> None:
        """Joins the graph; `size` is (width, height) of the pictures."""
        self._graph = RosSession("camera")
        names = [(name, f"{name.rpartition('/')[0]}/camera_info") for name in topics]
        publisher, profile = self._graph.node.create_publisher, qos.output()
        self._publishers = [
            (publisher(Image, image, profile), publisher(CameraInfo, info, profile))
            for image, info in names
        ]
        width, height = size
        pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        self._image = image_message(RCLPY_TYPES, Header(frame_id="camera"), pixels, "rgb8")
        self._info = camera_info(self._image.header, width, height)

    def publish(self) -> int:
        """One picture on each topic; its stamp in ns."""
        stamp_ns = time.time_ns()
        for message in (self._image, self._info):
            message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
        for images, infos in self._publishers:
            infos.publish(self._info)
            images.publish(self._image)
        return stamp_ns

    def publish_at(self, rate_hz: float, seconds: float) -> None:
        """Pictures at this rate; returns when that is over."""
        start = time.monotonic()
        for number in range(round(rate_hz * seconds)):
            time.sleep(max(0.0, start + number / rate_hz - time.monotonic()))
            self.publish()

    def close(self) -> None:
        """Leaves the graph."""
        self._graph.close()


class Viewer:
    """A subscriber to pictures and outputs; its messages stay serialised."""

    def __init__(self, images: Sequence[str], outputs: Sequence[str]) -> None:
        """Joins the graph."""
        self._everything = len(images) + len(outputs)
        self._arrived: dict[int, list[Arrival]] = defaultdict(list)
        self._changed = threading.Condition()
        self._graph = RosSession("viewer")
        for topic in images:
            self._subscribe(topic, Image, qos.sensor_input())
        for topic in outputs:
            self._subscribe(topic, rclpy_class(_TYPES[output_name(topic)]), qos.output())

    def arrivals_of(self, stamp_ns: int, patience_s: float) -> list[Arrival]:
        """Waits for all that comes with this stamp and returns it."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._arrived[stamp_ns]) >= self._everything, patience_s
            )
            return self._arrived.pop(stamp_ns)

    def all_arrivals(self) -> list[Arrival]:
        """Everything since the last call."""
        with self._changed:
            arrivals = [one for of_stamp in self._arrived.values() for one in of_stamp]
            self._arrived.clear()
            return arrivals

    def close(self) -> None:
        """Leaves the graph."""
        self._graph.close()

    def _subscribe(self, topic: str, message_class: type, profile: object) -> None:
        def note(data: bytes) -> None:
            at_ns, stamp_ns = time.time_ns(), header_stamp_ns(data)
            if stamp_ns is not None:
                with self._changed:
                    self._arrived[stamp_ns].append(Arrival(topic, stamp_ns, at_ns))
                    self._changed.notify_all()

        self._graph.node.create_subscription(message_class, topic, note, profile, raw=True)


def output_name(topic: str) -> str:
    """/a/tips/front/depth/image → depth/image."""
    return next(name for name in _TYPES if topic.endswith(f"/{name}"))


def camera_info(header: Header, width: int, height: int) -> CameraInfo:
    """Plain intrinsics for this size."""
    f, cx, cy = 0.8 * width, (width - 1) / 2, (height - 1) / 2
    return CameraInfo(
        header=header,
        width=width,
        height=height,
        distortion_model="plumb_bob",
        k=[f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0],
        p=[f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )
