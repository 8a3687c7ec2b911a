# SPDX-License-Identifier: Apache-2.0
"""A node of its own, in a thread of its own, that hears /tf and /tf_static.

A robot says hundreds of transforms a second. With the node's own entities, each would take the
executor milliseconds, the queue would run over, and calls that wait for a transform would hold the
threads that it needs.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.transforms import FIXED_TOPIC, MOVING_TOPIC, TF_MESSAGE
from tips_ros.messages.types import rclpy_class

logger = logging.getLogger(__name__)

_LOOK_UP_S = 0.5
_DEPTH = 100  # of both queues, as tf2's
# It needs none of what these bring along, whatever a parameters file says to all nodes.
_BARE = ("use_sim_time", "start_type_description_service")


def _subscriptions_class() -> Any:
    """tf2's own, or ours in its manner; ImportError where there are no messages of tf."""
    try:
        return importlib.import_module("tf2_ros").TransformListener
    except ImportError:
        importlib.import_module("tf2_msgs.msg")
        return _Subscriptions


class TransformListener:
    """Listens from its creation on; `close` ends it."""

    def __init__(self, node: Node, tree: Any) -> None:
        """
        Args:
            node: on whose behalf: its context and namespace, and the remappings of the process.
            tree: whose `set_transform` and `set_transform_static` are called, in order.

        Raises:
            ImportError: neither tf2_ros nor tf2_msgs is installed.
        """
        subscriptions = _subscriptions_class()
        name = f"transform_listener_impl_{id(self):x}"  # as others who listen are called
        self._node = Node(
            name,
            context=node.context,
            namespace=node.get_namespace(),
            # Before the arguments of the process, which may name its node.
            cli_args=["--ros-args", "-r", f"__node:={name}"],
            parameter_overrides=[Parameter(parameter, value=False) for parameter in _BARE],
            start_parameter_services=False,
            enable_rosout=False,
        )
        self._subscriptions = subscriptions(tree, self._node, spin_thread=False)
        self._wake = self._node.create_guard_condition(lambda: None)  # has a spin return
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(self._node)
        self._closing = False
        self._throttle = LogThrottle(logger)
        self._thread = threading.Thread(target=self._run, name="tips tf", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and unsubscribes."""
        self._closing = True
        self._wake.trigger()
        self._thread.join()
        self._executor.shutdown()
        self._subscriptions.unregister()
        self._node.destroy_node()

    def _run(self) -> None:
        while not self._closing and self._node.context.ok():
            try:
                self._executor.spin_once(timeout_sec=_LOOK_UP_S)
            except Exception as error:  # a transform that tf2 can't take; the next one is another
                if self._closing or not self._node.context.ok():
                    return
                self._throttle.error(f"{error!r}", "a transform: %r", error, cause=error)


class _Subscriptions:
    """Hands what is said on /tf and /tf_static to a tree, one by one."""

    def __init__(self, tree: Any, node: Node, *, spin_thread: bool) -> None:
        del spin_thread  # another spins the node
        self._node = node
        self._throttle = LogThrottle(logger)
        message = rclpy_class(TF_MESSAGE)
        kept = DurabilityPolicy.TRANSIENT_LOCAL
        self._subscriptions = [
            node.create_subscription(message, topic, self._handing(tell), profile)
            for topic, tell, profile in (
                (MOVING_TOPIC, tree.set_transform, QoSProfile(depth=_DEPTH)),
                (FIXED_TOPIC, tree.set_transform_static, QoSProfile(depth=_DEPTH, durability=kept)),
            )
        ]

    def _handing(self, tell: Callable[[Any, str], None]) -> Callable[[Any], None]:
        def hand(message: Any) -> None:
            for transform in message.transforms:
                try:
                    tell(transform, "tf")
                except ValueError as error:  # the others of the message are sound
                    child = transform.child_frame_id
                    self._throttle.error(child, "/tf, frame %s: %s", child, error)

        return hand

    def unregister(self) -> None:
        """Unsubscribes."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
