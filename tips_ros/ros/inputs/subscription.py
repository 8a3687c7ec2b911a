# SPDX-License-Identifier: Apache-2.0
"""Subscriptions to a camera's topics, and their move to another topic."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.subscription import Subscription

from tips_ros.ros.topics import qos
from tips_ros.ros.topics.guarded_node import describe

logger = logging.getLogger(__name__)


def subscribe(
    node: Node, type_: type, topic: str, callback: Callable[[Any], None], group: CallbackGroup
) -> Subscription:
    """A subscription as sensors need it, with the user's QoS overrides."""
    return node.create_subscription(
        type_,
        topic,
        callback,
        qos.sensor_input(),
        callback_group=group,
        qos_overriding_options=qos.overridable(),
    )


def move_subscription(
    node: Node, before: Subscription, topic: str, callback: Callable[[Any], None]
) -> Subscription | None:
    """The same subscription on another topic, in place of the one before.

    Returns:
        None, with the reason in the log, where that topic's QoS overrides can't be read; then the
        one before stays.
    """
    try:
        after = subscribe(node, before.msg_type, topic, callback, before.callback_group)
    except Exception as error:
        logger.error("not listening to %s: %s", topic, describe(error))
        return None
    node.destroy_subscription(before)
    return after


def published_types(node: Node, topic: str) -> set[str]:
    """The types that are published on a topic."""
    return {publisher.topic_type for publisher in node.get_publishers_info_by_topic(topic)}
