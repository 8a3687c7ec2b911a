# SPDX-License-Identifier: Apache-2.0
"""The executable `tips_node`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.signals import SignalHandlerOptions

from tips_ros.freed_memory import keep_freed_memory
from tips_ros.ros import command_line
from tips_ros.ros.executor import NodeExecutor
from tips_ros.ros.middleware import publish_in_the_background
from tips_ros.ros.node import TipsNode
from tips_ros.ros.parameter_node import given_at_start


def main(args: Sequence[str] | None = None) -> int:
    """Spins the node until it is interrupted; 0 after SIGINT or SIGTERM, 1 for a bad parameter or
    argument.
    """
    given = list(sys.argv[1:] if args is None else args[1:])
    if command_line.asks_for_help(given):
        print(command_line.HELP, end="")
        return 0
    publish_in_the_background()
    keep_freed_memory()
    # Our own handlers: rclpy's end the context at once, and the frame at hand could not be
    # published. The second signal of an impatient user changes nothing.
    try:
        command_line.check(given)
        rclpy.init(args=["tips_node", *given], signal_handler_options=SignalHandlerOptions.NO)
    except (ValueError, RuntimeError) as error:
        print(f"tips_node: {command_line.explained(error)}", file=sys.stderr)
        return 1
    executor = NodeExecutor()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: executor.stop())
    try:
        node = TipsNode()
    except (ValueError, RuntimeError, ParameterException) as error:
        print(f"tips_node: {command_line.explained(error)}", file=sys.stderr)
        executor.shutdown()
        rclpy.try_shutdown()
        return 1
    if (files := command_line.parameter_files(given)) and not given_at_start(node):
        whose = node.get_fully_qualified_name()
        node.get_logger().warning(f"nothing for {whose} or /** in {', '.join(files)}")
    executor.add_node(node)
    try:
        executor.spin()
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
