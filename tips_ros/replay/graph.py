# SPDX-License-Identifier: Apache-2.0
"""A place in a ROS graph for a program that is no node itself: context, node, spinning thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from tips_ros.process.environment import changed_environment
from tips_ros.ros.process.log_folder import ensure_log_folder

logger = logging.getLogger(__name__)

_LOOK_UP_S = 0.2


class RosSession:
    """A node that is spun in the background; a context manager.

    Interrupts stay Python's: Ctrl-C raises KeyboardInterrupt and leaves the graph usable for
    cleaning up.
    """

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """Joins the graph.

        Args:
            name: of the node.
            environment: variables that choose the graph, on top of the process's own.
        """
        self.context = Context()
        ensure_log_folder()
        with changed_environment(environment or {}):
            rclpy.init(
                args=[], context=self.context, signal_handler_options=SignalHandlerOptions.NO
            )
        self.node = Node(name, context=self.context, start_parameter_services=False)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._spin, name=f"{name} executor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leaves the graph; waits for a callback that runs. Does nothing the second time."""
        if not self._stop.is_set():
            self._stop.set()
            self._executor.wake()
            self._thread.join()
            self._executor.shutdown()
            try:
                self.node.destroy_node()
            except Exception as error:  # an interrupt may leave a publisher or subscriber half made
                logger.debug("the node could not be taken apart: %r", error)
            rclpy.shutdown(context=self.context)

    def _spin(self) -> None:
        while not self._stop.is_set() and self.context.ok():
            self._executor.spin_once(timeout_sec=_LOOK_UP_S)

    def __enter__(self) -> RosSession:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
