# SPDX-License-Identifier: Apache-2.0
"""The node's name in full, as parameter files and loggers call it."""

from __future__ import annotations

NODE = "tips"


def full_name(pushed: str, namespace: str) -> str:
    """The name of the node in a namespace: `robot1` → /robot1/tips.

    Args:
        pushed: the namespace of the including launch file, which an absolute one leaves out.
        namespace: the launch's argument.
    """
    levels = namespace if namespace.startswith("/") else f"{pushed}/{namespace}"
    return "/".join(["", *filter(None, levels.split("/")), NODE])


def logger_name(node: str) -> str:
    """The name of a node's logger, which alone log_level is for: ROS's own stay quiet."""
    return node.strip("/").replace("/", ".")
