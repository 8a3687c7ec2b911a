# SPDX-License-Identifier: Apache-2.0
"""Forwards what the ROS-free core logs (stdlib `logging`, logger `tips_ros`) to the node's log."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from tips_ros.ros.process.log_rate import LogRate
from tips_ros.texts.printable import printable


class RosLogHandler(logging.Handler):
    """Writes log records to an rclpy logger at the matching severity.

    What came from outside is made harmless, and no warning or error is written more often than once
    a second in the long run.
    """

    def __init__(self, ros_logger: Any) -> None:
        super().__init__()
        self._logger = ros_logger
        self._rate = LogRate()

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging` for each record."""
        message = printable(record.getMessage())
        if record.levelno >= logging.WARNING:
            withheld = self._rate.admit(f"{record.name} {record.msg}", message)
            if withheld is None:
                return
            if withheld:
                message += f" ({withheld} more like it in between)"
        if record.exc_info and record.exc_info[1] is not None:
            lines = "".join(traceback.format_exception(record.exc_info[1]))
            message += "\n" + printable(lines.rstrip(), keep="\n")
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
