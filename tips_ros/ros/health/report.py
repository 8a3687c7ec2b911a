# SPDX-License-Identifier: Apache-2.0
"""The topic `/diagnostics`, and what it says of cameras while the node rests."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from tips_ros.ros.health.diagnostics import CameraState, NodeState, statuses
from tips_ros.ros.health.statistics import Statistics
from tips_ros.ros.topics import qos
from tips_ros.ros.topics.names import input_topic


class DiagnosticsPublisher:
    """Publishes on `/diagnostics` as long as its node lives."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher = node.create_publisher(
            DiagnosticArray, "/diagnostics", 10, qos_overriding_options=qos.overridable()
        )

    def publish(self, state: NodeState) -> None:
        """Publishes the statuses of a node and its cameras."""
        report = DiagnosticArray()
        report.header.stamp = self._node.get_clock().now().to_msg()
        report.status.extend(statuses(state))
        self._publisher.publish(report)


def resting_states(node: Node, statistics: Mapping[str, Statistics]) -> list[CameraState]:
    """The states of the cameras while their node is not active.

    Args:
        node: whose they are.
        statistics: of each camera, by name.
    """
    return [
        CameraState(
            name,
            counted.snapshot(),
            [],
            {},
            topic=node.resolve_topic_name(input_topic(name, "image")),
            active=False,
        )
        for name, counted in statistics.items()
    ]
