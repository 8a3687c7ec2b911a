# SPDX-License-Identifier: Apache-2.0
"""The executable `tips_node`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

import rclpy
from rclpy.signals import SignalHandlerOptions

from tips_ros.freed_memory import keep_freed_memory
from tips_ros.ros.executor import NodeExecutor
from tips_ros.ros.log_folder import ensure_log_folder
from tips_ros.ros.middleware import publish_in_the_background
from tips_ros.ros.node import TipsNode


def main(args: Sequence[str] | None = None) -> int:
    """Spins the node until it is interrupted; 0 after SIGINT or SIGTERM, 1 for a bad parameter."""
    publish_in_the_background()
    keep_freed_memory()
    ensure_log_folder()
    # Our own handlers: rclpy's end the context at once, and the frame at hand could not be
    # published. The second signal of an impatient user changes nothing.
    rclpy.init(
        args=list(args) if args is not None else None,
        signal_handler_options=SignalHandlerOptions.NO,
    )
    executor = NodeExecutor()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: executor.stop())
    try:
        node = TipsNode()
    except ValueError as error:
        print(f"tips_node: {error}", file=sys.stderr)
        executor.shutdown()
        rclpy.try_shutdown()
        return 1
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
