# SPDX-License-Identifier: Apache-2.0
"""The executable `tips_node`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import rclpy
from rclpy.executors import ExternalShutdownException

from tips_ros.ros.executor import NodeExecutor
from tips_ros.ros.node import TipsNode


def main(args: Sequence[str] | None = None) -> int:
    """Spins the node until it is interrupted."""
    rclpy.init(args=list(args) if args is not None else None)
    try:
        node = TipsNode()
    except Exception as error:
        # A bad value in the parameters file or on the command line: say so without a traceback.
        print(f"tips_node: {error}", file=sys.stderr)
        rclpy.try_shutdown()
        return 1
    executor = NodeExecutor()
    executor.add_node(node)
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
