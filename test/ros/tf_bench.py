# SPDX-License-Identifier: Apache-2.0
"""tf for a test: by our own graph, by a stand-in for tf2, and by the real one where it is."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import pytest
from geometry_msgs.msg import TransformStamped
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time

from . import tf2_stand_in
from .example_messages import FRAME_ID
from .live_graph import until

KINDS = ("own", "stand-in", "real")
_STATIC = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def put_in_place(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has `import tf2_ros` give nothing, the stand-in, or the real one; skips without a part."""
    if kind == "own":
        if importlib.util.find_spec("tf2_msgs") is None:
            pytest.skip("tf2_msgs is not installed")
        monkeypatch.setitem(sys.modules, "tf2_ros", None)
        return
    if kind == "real":
        if importlib.util.find_spec("tf2_ros") is None:
            pytest.skip("tf2_ros is not installed")
        return
    tf2_stand_in.Buffer.old_data = 0
    monkeypatch.setitem(sys.modules, "tf2_ros", tf2_stand_in.module())


def edge(parent: str, child: str, seconds: float, x: float = 0.0) -> TransformStamped:
    """A transform at a time that moves by x."""
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp = Time(nanoseconds=round(seconds * 10**9)).to_msg()
    message.transform.translation.x = float(x)
    message.transform.rotation.w = 1.0
    return message


class Robot:
    """Says on /tf where it is: the camera sits still on base, which moves in map."""

    def __init__(self, graph: Any, kind: str) -> None:
        self._graph, self._several = graph, kind != "stand-in"
        message: Any = TransformStamped
        if self._several:
            from tf2_msgs.msg import TFMessage

            message = TFMessage
        self._message = message
        self._tf = graph.probe.create_publisher(message, "/tf", 10)
        self._static = graph.probe.create_publisher(message, "/tf_static", _STATIC)
        self._say(self._static, edge("base", FRAME_ID, 0.0, 0.25))

    def is_at(self, seconds: float, x: float = 0.0) -> None:
        """The place that it was at then."""
        self.says(edge("map", "base", seconds, x))

    def says(self, transform: TransformStamped) -> None:
        """Any transform, on /tf; to the node, where that listens."""
        if self._graph.frames.listens:
            until(self._tf.get_subscription_count, "the node to hear /tf")
        self._say(self._tf, transform)

    def is_built(self, transform: TransformStamped) -> None:
        """Any transform that holds at all times, on /tf_static."""
        self._say(self._static, transform)

    def _say(self, publisher: Any, transform: TransformStamped) -> None:
        publisher.publish(self._message(transforms=[transform]) if self._several else transform)


def heard(graph: Any, count: int = 1) -> None:
    """Waits until the node has heard that many transforms that are not static."""
    until(lambda: (tree := graph.frames._tree) and len(tree._recent) >= count, "tf")
