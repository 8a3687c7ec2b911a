#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ends with 0 when the node TIPS_NODE (/tips) is active, and says what it is otherwise.

A node that waits for a lifecycle manager is inactive, and not well: nothing comes from it.
"""

import os
import sys

import rclpy
from lifecycle_msgs.srv import GetState

PATIENCE_S = 5.0  # for the node to be found, and again for its answer


def state_of(name: str) -> str:
    """The lifecycle state of a node, or what keeps it from being known."""
    node = rclpy.create_node("healthcheck", start_parameter_services=False, enable_rosout=False)
    try:
        client = node.create_client(GetState, f"{name}/get_state")
        if not client.wait_for_service(PATIENCE_S):
            return "not there"
        future = client.call_async(GetState.Request())
        rclpy.spin_until_future_complete(node, future, timeout_sec=PATIENCE_S)
        answer = future.result() if future.done() else None
        return "without an answer" if answer is None else str(answer.current_state.label)
    finally:
        node.destroy_node()


def main() -> int:
    """Prints the state."""
    name = os.environ.get("TIPS_NODE", "/tips")
    rclpy.init()
    try:
        state = state_of(name)
    finally:
        rclpy.shutdown()
    print(f"{name} is {state}")
    return 0 if state == "active" else 1


if __name__ == "__main__":
    sys.exit(main())
