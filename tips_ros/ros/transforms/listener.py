# SPDX-License-Identifier: Apache-2.0
"""A node of its own, in a thread of its own, that hears /tf and /tf_static.

A robot says hundreds of transforms a second. With the node's own entities, each would take the
executor milliseconds, the queue would run over, and calls that wait for a transform would hold the
threads that it needs.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from tips_ros.log_throttle import Throttle

logger = logging.getLogger(__name__)

_LOOK_UP_S = 0.5
# It needs none of what these bring along, whatever a parameters file says to all nodes.
_BARE = ("use_sim_time", "start_type_description_service")


class TransformListener:
    """Listens from its creation on; `close` ends it."""

    def __init__(self, node: Node, tree: Any) -> None:
        """
        Args:
            node: on whose behalf: its context and namespace, and the remappings of the process.
            tree: whose `set_transform` and `set_transform_static` are called, in order.

        Raises:
            ImportError: tf2_ros is not installed.
        """
        from tf2_ros import TransformListener as Subscriptions

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
        self._subscriptions = Subscriptions(tree, self._node, spin_thread=False)
        self._wake = self._node.create_guard_condition(lambda: None)  # has a spin return
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(self._node)
        self._closing = False
        self._throttle = Throttle(logger)
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
