# SPDX-License-Identifier: Apache-2.0
"""Quality of service of the topics. Each can be overridden with `qos_overrides.*` parameters."""

from __future__ import annotations

try:
    from rclpy.event_handler import PublisherEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import PublisherEventCallbacks

from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions


def sensor_input(depth: int = 5) -> QoSProfile:
    """Best effort, so that it matches every camera driver.

    Deep enough that frames come in to be counted; the newest one wins later, see `Latest`.
    """
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.VOLATILE,
    )


def output() -> QoSProfile:
    """Reliable, so that it matches every subscriber."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=5,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.VOLATILE,
    )


def latched() -> QoSProfile:
    """Reliable and kept for late subscribers."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=1,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
    )


def requests() -> QoSProfile:
    """Of services: deep enough that of many calls at once none is lost, and so never answered."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=200,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.VOLATILE,
    )


def overridable() -> QoSOverridingOptions:
    """What parameters may say of a topic: history, depth, reliability and durability."""
    return QoSOverridingOptions(
        (
            QoSPolicyKind.HISTORY,
            QoSPolicyKind.DEPTH,
            QoSPolicyKind.RELIABILITY,
            QoSPolicyKind.DURABILITY,
        )
    )


def without_event_handlers() -> PublisherEventCallbacks:
    """For publishers that come by the hundred.

    The executor looks at each event handler each time it waits: those of 150 prompts of four
    cameras took half a core.
    """
    return PublisherEventCallbacks(use_default_callbacks=False)
