# SPDX-License-Identifier: Apache-2.0
"""The latched topic that tells how a camera's depth became metres."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from std_msgs.msg import Header

from tips_ros.messages.depth_info import DepthScaleStatus, depth_info_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.msg import DepthInfo
from tips_ros.ros.topics import qos
from tips_ros.ros.topics.latched_history import LatchedHistory
from tips_ros.ros.topics.names import output_topic

DepthHistory = LatchedHistory[DepthScaleStatus]


class DepthInfoPublisher:
    """`~/depth/info` of one camera, from its creation until `close`."""

    def __init__(
        self,
        node: Node,
        camera: str,
        nothing_yet: DepthScaleStatus,
        history: DepthHistory | None = None,
    ) -> None:
        """
        Args:
            node: who publishes.
            camera: its name; "" for the only one.
            nothing_yet: for whoever listens before depth is made.
            history: what the topic has said so far, where an earlier activation did.
        """
        self._node = node
        self._history = history or DepthHistory()
        # It lives while the node is active: no lifecycle of its own.
        self._publisher = node.create_publisher(
            DepthInfo,
            output_topic(camera, "depth/info"),
            qos.latched(),
            qos_overriding_options=qos.overridable(),
        )
        self._publish(Header(), 0, nothing_yet)

    def publish(self, header: Any, stamp_ns: int, live: DepthScaleStatus) -> None:
        """Publishes the scale of a frame, unless its readers know it from earlier frames."""
        settled = self._history.settled
        if settled is not None and settled[0] <= stamp_ns and settled[1] is live:
            return
        if self._history.needs(stamp_ns, live, _same):
            self._publish(header, stamp_ns, live)

    def close(self) -> None:
        """Ends the topic."""
        self._node.destroy_publisher(self._publisher)

    def _publish(self, header: Any, stamp_ns: int, live: DepthScaleStatus) -> None:
        self._publisher.publish(depth_info_message(RCLPY_TYPES, header, live))
        self._history.add(stamp_ns, live)


def _same(said: DepthScaleStatus, live: DepthScaleStatus) -> bool:
    return said is live or not live.differs_from(said)
