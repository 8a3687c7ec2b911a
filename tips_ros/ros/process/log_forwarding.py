# SPDX-License-Identifier: Apache-2.0
"""Forwards what the ROS-free core logs (stdlib `logging`, logger `tips_ros`) to the node's log."""

from __future__ import annotations

import logging
from typing import Any


class RosLogHandler(logging.Handler):
    """Writes log records to an rclpy logger at the matching severity."""

    def __init__(self, ros_logger: Any) -> None:
        super().__init__()
        self._logger = ros_logger

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging` for each record."""
        message = self.format(record)
        # rclpy remembers the severity of each call site, so each has its own line.
        if record.levelno >= logging.ERROR:
            self._logger.error(message)
        elif record.levelno >= logging.WARNING:
            self._logger.warning(message)
        elif record.levelno >= logging.INFO:
            self._logger.info(message)
        else:
            self._logger.debug(message)


def forward_logs(ros_logger: Any) -> RosLogHandler:
    """Attaches a handler to the package's logger; `stop_forwarding` undoes it."""
    handler = RosLogHandler(ros_logger)
    package = logging.getLogger("tips_ros")
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    package.propagate = False
    return handler


def stop_forwarding(handler: RosLogHandler) -> None:
    """Detaches the handler; with the last one gone, the package logs as it did before."""
    package = logging.getLogger("tips_ros")
    package.removeHandler(handler)
    if not any(isinstance(other, RosLogHandler) for other in package.handlers):
        package.propagate = True
        package.setLevel(logging.NOTSET)
