# SPDX-License-Identifier: Apache-2.0
"""Quality of service of the topics. Each can be overridden with `qos_overrides.*` parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    from rclpy.event_handler import PublisherEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import PublisherEventCallbacks

from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

_PREFIX = "qos_overrides."
# What rclpy makes of a text; it takes no numbers for these.
_CHOICES: dict[str, Any] = {
    "history": HistoryPolicy,
    "reliability": ReliabilityPolicy,
    "durability": DurabilityPolicy,
}


def sensor_input(depth: int = 5) -> QoSProfile:
    """Best effort, so that it matches every camera driver.

    Deep enough that frames come in to be counted; the newest one wins later, see `LatestImages`.
    """
    return _keep_last(depth, reliability=ReliabilityPolicy.BEST_EFFORT)


def output() -> QoSProfile:
    """Reliable, so that it matches every subscriber."""
    return _keep_last(5)


def latched() -> QoSProfile:
    """Reliable and kept for late subscribers."""
    return _keep_last(1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def requests() -> QoSProfile:
    """QoS of services: deep enough that none of many calls at once is lost and never answered."""
    return _keep_last(200)


def overridable() -> QoSOverridingOptions:
    """The policies that parameters may set: history, depth, reliability and durability."""
    return QoSOverridingOptions(
        (
            QoSPolicyKind.HISTORY,
            QoSPolicyKind.DEPTH,
            QoSPolicyKind.RELIABILITY,
            QoSPolicyKind.DURABILITY,
        )
    )


def check_overrides(given: Mapping[str, Any]) -> None:
    """Looks at the overrides that the node was started with, before a topic meets one.

    Args:
        given: parameters by name, those of other things among them.

    Raises:
        ValueError: one that rclpy will not take; says what to write.
    """
    for name, parameter in given.items():
        policy = name.rpartition(".")[2]
        if not name.startswith(_PREFIX):
            continue
        if policy == "depth":
            value = parameter.value
            if type(value) is not int or value < 0:
                raise ValueError(f"parameter {name} must be a whole number, 0 or more, not {value}")
        elif policy in _CHOICES:
            choices = [choice.name.lower() for choice in _CHOICES[policy]]
            choices.remove("unknown")
            if str(parameter.value).lower() not in choices:
                raise ValueError(
                    f"parameter {name} can't be {parameter.value!r}: choose one of "
                    f"{', '.join(choices)}"
                )


def forget_overrides(node: Node, topic: str, role: str = "publisher") -> None:
    """Takes back the `qos_overrides.*` parameters of a topic that the node doesn't have any more.

    rclpy declares them with a publisher or subscription, and leaves them there for good. What a
    user overrides stays known: it counts again when the topic comes back.

    Args:
        node: the one that had it.
        topic: its whole name, after remapping, as `publisher.topic_name` tells it; ask before the
            publisher is destroyed.
        role: publisher or subscription.
    """
    ends = node.publishers if role == "publisher" else node.subscriptions
    if any(end.topic_name == topic for end in ends):
        return
    for kind in QoSPolicyKind:
        name = f"{_PREFIX}{topic}.{role}.{kind.name.lower()}"
        if node.has_parameter(name):
            # They are read-only, which protects them from being taken back, too.
            node.describe_parameter(name).read_only = False
            node.undeclare_parameter(name)


def without_event_handlers() -> PublisherEventCallbacks:
    """Event callbacks of publishers that come by the hundred: none.

    The executor looks at each event handler each time it waits: those of 150 prompts of four
    cameras took half a core.
    """
    return PublisherEventCallbacks(use_default_callbacks=False)


def _keep_last(
    depth: int,
    reliability: ReliabilityPolicy = ReliabilityPolicy.RELIABLE,
    durability: DurabilityPolicy = DurabilityPolicy.VOLATILE,
) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability, durability=durability
    )
