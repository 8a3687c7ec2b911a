# SPDX-License-Identifier: Apache-2.0
"""Depth that another sensor measured: the newest messages, and the one nearest to an image."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import Image, PointCloud2

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.decoding import read_points
from tips_ros.perception.camera.output_camera import OutputCamera
from tips_ros.perception.depth.sparse_depth import sparse_depth
from tips_ros.perception.images.encodings import decode_depth
from tips_ros.ros.topics import qos
from tips_ros.ros.topics.names import input_topic
from tips_ros.ros.transforms.tf import TransformLookup
from tips_ros.ros.transforms.tree import TransformError

logger = logging.getLogger(__name__)

# Kept for images that are still in work; what is older than the last one served goes at once.
_MOST_BYTES = 64 << 20
_MOST_MESSAGES = 300
_NOBODY_ASKS_S = 5.0
_SILENT_S = 2.0
_MOST_POINTS = 40_000  # of a cloud, evenly; all of a large LiDAR's would cost 40 ms a frame


class _Kept(NamedTuple):
    stamp_ns: int
    topic: str
    message: Any  # Image or PointCloud2


class DepthMeasurement(NamedTuple):
    """Depth that the sensor measured, in the view of an image."""

    depth_m: NDArray[np.float32]  # (h, w) along the camera's z, NaN where there is nothing
    is_image: bool  # whether it came as one, and not as points


class NotMeasured(ValueError):
    """The sensor has nothing for this image; says why.

    Attributes:
        may_come: whether it may later: the transform of its points has not come yet.
    """

    def __init__(self, reason: str, may_come: bool = False) -> None:
        super().__init__(reason)
        self.may_come = may_come


class DepthSensor:
    """Subscribes to `sensor/depth` and `sensor/points` of a camera on creation; `close` undoes it.

    Messages come from the executor's threads, and are asked for from one other.
    """

    def __init__(
        self, node: Node, camera: str, frames: TransformLookup, group: CallbackGroup
    ) -> None:
        self._node = node
        self._frames = frames
        self._lock = threading.Lock()
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._asked_at = self._heard_at = time.monotonic()
        self._throttle = LogThrottle(logger)
        self._subscriptions: list[Any] = []
        try:
            for type_, name in ((Image, "sensor/depth"), (PointCloud2, "sensor/points")):
                self._subscriptions.append(self._subscribe(type_, input_topic(camera, name), group))
        except Exception:  # a QoS override that can't be: the next frame tries again
            self.close()
            raise

    @property
    def topics(self) -> str:
        """The names of the topics, for people."""
        return " or ".join(subscription.topic_name for subscription in self._subscriptions)

    def is_past(self, at_ns: int) -> bool:
        """Whether the sensor has gone on since: what is nearest to this stamp has come."""
        with self._lock:
            return any(kept.stamp_ns >= at_ns for kept in self._kept)

    def nearest(
        self, header: Any, camera: OutputCamera | None, max_dt_ns: int, images: bool = True
    ) -> DepthMeasurement:
        """Returns the measurement nearest to an image's stamp; older messages go.

        Args:
            header: of the image.
            camera: of the image, where known; points take it.
            max_dt_ns: the most that the stamps may differ.
            images: whether depth images count, and not points alone.

        Raises:
            NotMeasured: nothing, or nothing that can be used.
        """
        nearest = self._nearest(stamp_ns(header), max_dt_ns, images)
        try:
            if isinstance(nearest.message, Image):
                return DepthMeasurement(_image_depth(nearest.message), True)
            return DepthMeasurement(self._points_depth(nearest.message, header, camera), False)
        except NotMeasured:
            raise
        except TransformError as error:
            raise NotMeasured(f"{nearest.topic}: {error}", error.may_come) from error
        except ValueError as error:
            self._throttle.error(nearest.topic, "%s: %s", nearest.topic, error)
            raise NotMeasured(f"{nearest.topic}: {error}") from error

    def clear(self) -> None:
        """Forgets all messages, as when time jumps back."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def close(self) -> None:
        """Unsubscribes."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self.clear()

    def _subscribe(self, type_: type, topic: str, group: CallbackGroup) -> Any:
        name = self._node.resolve_topic_name(topic)
        return self._node.create_subscription(
            type_,
            topic,
            lambda message: self._on_message(name, message),
            qos.sensor_input(),
            callback_group=group,
            qos_overriding_options=qos.overridable(),
        )

    def _on_message(self, topic: str, message: Any) -> None:
        if isinstance(message, PointCloud2):
            self._frames.listen()  # what is said before, nobody knows when it asks
        with self._lock:
            self._heard_at = time.monotonic()
            if self._heard_at - self._asked_at > _NOBODY_ASKS_S:
                self._kept.clear()
                self._bytes = 0
            self._kept.append(_Kept(stamp_ns(message.header), topic, message))
            self._bytes += len(message.data)
            while len(self._kept) > 1 and (
                self._bytes > _MOST_BYTES or len(self._kept) > _MOST_MESSAGES
            ):
                self._bytes -= len(self._kept.popleft().message.data)

    def _nearest(self, at_ns: int, max_dt_ns: int, images: bool) -> _Kept:
        with self._lock:
            self._asked_at = time.monotonic()
            usable = [k for k in self._kept if images or not isinstance(k.message, Image)]
            nearest = min(usable, key=lambda kept: abs(kept.stamp_ns - at_ns), default=None)
            newest_ns = max((kept.stamp_ns for kept in self._kept), default=0)
            # The next image may be nearest to the newest of these, however old that is.
            fresh = [
                kept for kept in self._kept if kept.stamp_ns >= min(at_ns - max_dt_ns, newest_ns)
            ]
            self._kept = deque(fresh)
            self._bytes = sum(len(kept.message.data) for kept in fresh)
        if nearest is None:
            raise NotMeasured(f"nothing came on {self.topics}")
        off_ns = abs(nearest.stamp_ns - at_ns)
        if off_ns > max_dt_ns and self._asked_at - self._heard_at > _SILENT_S:
            raise NotMeasured(f"{self.topics} fell silent")
        if off_ns > max_dt_ns:
            raise NotMeasured(
                f"{nearest.topic} has nothing within {max_dt_ns / 1e9:g} s of the image, the "
                f"nearest is {off_ns / 1e9:.3f} s off: synchronise the clocks, or raise "
                "depth.sensor_max_dt_s"
            )
        return nearest

    def _points_depth(
        self, message: PointCloud2, header: Any, camera: OutputCamera | None
    ) -> NDArray[np.float32]:
        if camera is None:
            raise NotMeasured("points are seen nowhere in the image without a usable CameraInfo")
        points = read_points(message)
        if len(points) > _MOST_POINTS:
            points = points[np.linspace(0, len(points) - 1, _MOST_POINTS).astype(np.int64)]
        source = message.header.frame_id or header.frame_id
        if source != header.frame_id:
            # Without a wait: the frames behind this one would wait, too.
            matrix = self._frames.transform(header.frame_id, source, message.header.stamp)
            points = points @ matrix[:3, :3].T + matrix[:3, 3]
        return sparse_depth(points, camera.lens)


def _image_depth(message: Image) -> NDArray[np.float32]:
    return decode_depth(
        message.data,
        message.encoding,
        message.height,
        message.width,
        message.step,
        bool(message.is_bigendian),
    )
