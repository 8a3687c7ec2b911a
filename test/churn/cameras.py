# SPDX-License-Identifier: Apache-2.0
"""Cameras that die and come back, change all they can, and send what no camera should."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pictures
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from sent import Sent
from std_msgs.msg import Header

_RELIABILITIES = (ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT)
_PERIODS_S = (0.05, 0.1, 0.1, 0.2, 1.0)


class ChurnCamera:
    """Publishes images in a thread of its own until `close`; its methods disturb it."""

    def __init__(
        self,
        node: Node,
        name: str,
        *,
        is_compressed: bool,
        now_ns: Callable[[], int],
        sent: Sent,
        rng: random.Random,
    ) -> None:
        self.name, self._node, self._rng = name, node, rng
        self._compressed, self._now_ns, self._sent = is_compressed, now_ns, sent
        self._publishers: tuple[Any, Any] | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.heal()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def heal(self) -> None:
        """A good camera from now on."""
        self.size, self.encoding, self.period_s = (64, 48), "rgb8", 0.1
        self.frame_id, self.stamps, self.with_info = f"{self.name}_optical_frame", "now", True
        self._offset_ns = 0
        self.revive()

    def die(self) -> None:
        """Its publishers go."""
        with self._lock:
            for publisher in self._publishers or ():
                self._node.destroy_publisher(publisher)
            self._publishers = None

    def revive(self) -> None:
        """It publishes again."""
        with self._lock:
            if self._publishers is None:
                prefix = f"/{self.name}/" if self.name else "/"
                reliability = self._rng.choice(_RELIABILITIES)
                profile = QoSProfile(depth=5, reliability=reliability)
                kind, topic = Image, f"{prefix}image"
                if self._compressed:
                    kind, topic = CompressedImage, f"{topic}/compressed"
                info = self._node.create_publisher(CameraInfo, f"{prefix}camera_info", profile)
                self._publishers = self._node.create_publisher(kind, topic, profile), info

    def change(self, rng: random.Random) -> str:
        """Another size, encoding, rate, frame_id, or other stamps; tells which."""
        what = rng.choice(("size", "encoding", "rate", "frame_id", "stamps", "info", "jump"))
        if what == "size":
            self.size = rng.choice(pictures.SIZES)
        elif what == "encoding":
            self.encoding = rng.choice(pictures.ENCODINGS)
        elif what == "rate":
            self.period_s = rng.choice(_PERIODS_S)
        elif what == "frame_id":
            self.frame_id = rng.choice(("", "a/b", "ä", f"{self.name}_frame", "x" * 300))
        elif what == "stamps":
            self.stamps = rng.choice(("now", "now", "zero", "negative", "frozen"))
        elif what == "info":
            self.with_info = not self.with_info
        else:
            self._offset_ns = rng.choice((0, 0, -(10**9) * rng.randrange(1, 50), -3 * 10**8))
        return f"another {what}"

    def misbehave(self, rng: random.Random) -> str:
        """A few messages that are wrong in one way each; tells the last."""
        kind = "dead"
        for _ in range(rng.randrange(1, 5)):
            header = self._header()
            if rng.random() < 0.3:
                kind, message = pictures.bad_camera_info(header, rng)
                self._publish(None, message)
            elif self._compressed:
                kind, message = pictures.bad_compressed(header, rng)
                self._publish(message, None)
            else:
                kind, message = pictures.bad_image(header, rng)
                self._publish(message, None)
        return kind

    def close(self) -> None:
        """Ends it."""
        self._over.set()
        self._thread.join()
        self.die()

    def _run(self) -> None:
        while not self._over.wait(self.period_s):
            header, size = self._header(), self.size
            if self._compressed:
                message = pictures.compressed(header, size)
            else:
                message = pictures.image(header, size, self.encoding)
            self._publish(message, pictures.camera_info(header, size) if self.with_info else None)

    def _header(self) -> Header:
        header = Header(frame_id=self.frame_id)
        at = {"zero": 0, "negative": -5 * 10**9 - 1, "frozen": 10**9 + 7}.get(self.stamps)
        if at is None:
            at = self._now_ns() + self._offset_ns
        header.stamp.sec, header.stamp.nanosec = divmod(at, 10**9)
        self._sent.add(self.name, header)
        return header

    def _publish(self, picture: Any, info: Any) -> None:
        with self._lock:
            if self._publishers is None or self._over.is_set():
                return
            if info is not None:
                self._publishers[1].publish(info)
            if picture is not None:
                self._publishers[0].publish(picture)


def disturbances_of(
    cameras: Sequence[ChurnCamera],
) -> list[tuple[int, Callable[[random.Random], str]]]:
    """Disturbances of cameras, each with a weight."""

    def die(rng: random.Random) -> str:
        camera = rng.choice(cameras)
        camera.die()
        return f"camera {camera.name!r} dies"

    def revive(rng: random.Random) -> str:
        for camera in cameras:
            camera.revive()
        return "cameras come back"

    def change(rng: random.Random) -> str:
        camera = rng.choice(cameras)
        return f"camera {camera.name!r}: {camera.change(rng)}"

    def misbehave(rng: random.Random) -> str:
        camera = rng.choice(cameras)
        return f"camera {camera.name!r}: {camera.misbehave(rng)}"

    return [(1, die), (3, revive), (5, change), (5, misbehave)]
