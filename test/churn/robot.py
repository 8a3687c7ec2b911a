# SPDX-License-Identifier: Apache-2.0
"""A robot that says on /tf where its cameras are: not always, not always the truth."""

from __future__ import annotations

import importlib
import importlib.util
import math
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

_PERIOD_S = 0.05
_WORLD, _BASE = "odom", "base_link"


class Robot:
    """Drives in a circle and says so in a thread of its own until `close`.

    Where tf2_msgs is not installed it says nothing.
    """

    def __init__(self, node: Node, cameras: Sequence[str], now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._mounts = [f"{name}_optical_frame" for name in cameras]
        self._over, self._silent = threading.Event(), threading.Event()
        self._odd = ""
        self._thread: threading.Thread | None = None
        if importlib.util.find_spec("tf2_msgs") is None:
            return
        self._message = importlib.import_module("tf2_msgs.msg").TFMessage
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._static = node.create_publisher(self._message, "/tf_static", latched)
        self._moving = node.create_publisher(self._message, "/tf", 10)
        self._mount(0.0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def disturbances(self) -> list[tuple[int, Any]]:
        """Disturbances of this kind, each with a weight."""
        return [(3, self.go_on), (2, self.fall_silent), (3, self.be_odd), (1, self.remount)]

    def go_on(self, rng: random.Random) -> str:
        """Says the truth from now on."""
        self._silent.clear()
        self._odd = ""
        return "the robot says where it is"

    def fall_silent(self, rng: random.Random) -> str:
        """Says nothing for a while."""
        self._silent.set()
        return "the robot says nothing"

    def be_odd(self, rng: random.Random) -> str:
        """Says what can't be, or what nobody can follow."""
        self._odd = rng.choice(("late", "past", "future", "jump", "junk", "circle", "zero"))
        return f"the robot is odd: {self._odd}"

    def remount(self, rng: random.Random) -> str:
        """Says on /tf_static that the cameras sit elsewhere."""
        if self._thread is not None:
            self._mount(rng.uniform(0.0, 1.0))
        return "other mounts"

    def close(self) -> None:
        """Says nothing more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _mount(self, x: float) -> None:
        mounts = [_transform(_BASE, mount, 0, x, 0.0) for mount in self._mounts]
        self._static.publish(self._message(transforms=mounts))

    def _run(self) -> None:
        while not self._over.wait(_PERIOD_S):
            if not self._silent.is_set():
                self._moving.publish(self._message(transforms=self._said(self._odd)))

    def _said(self, odd: str) -> list[TransformStamped]:
        at_ns = self._now_ns()
        shift_s = {"late": -0.7, "past": -50.0, "future": 50.0, "zero": -1e9}.get(odd, 0.0)
        at_ns = max(at_ns + round(shift_s * 1e9), 0)
        angle = at_ns / 1e9 % (2 * math.pi)
        x = 1e6 if odd == "jump" and at_ns // 10**9 % 2 else math.cos(angle)
        told = [_transform(_WORLD, _BASE, at_ns, x, angle)]
        if odd == "junk":
            told[0].transform.rotation.w = math.nan
            told += [_transform("", "", at_ns, 0.0, 0.0), _transform(_WORLD, _WORLD, at_ns, 0, 0)]
        elif odd == "circle":
            told.append(_transform(_BASE, _WORLD, at_ns, 1.0, 0.0))
        return told


def _transform(parent: str, child: str, at_ns: int, x: float, yaw: float) -> TransformStamped:
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(at_ns, 10**9)
    message.transform.translation.x = float(x)
    rotation = message.transform.rotation
    rotation.z, rotation.w = math.sin(yaw / 2), math.cos(yaw / 2)
    return message
