# SPDX-License-Identifier: Apache-2.0
"""A process of the node, and a camera beside it in this one."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from tips_ros.ros.topics import qos


class ProcessBench:
    """Holds both, in one domain, until `close`."""

    def __init__(self, process: Any, log_file: Path, domain: int, patience_s: float) -> None:
        """
        Args:
            process: as of `subprocess.Popen`.
            log_file: that it writes.
            domain: of both.
            patience_s: only a test that fails waits so long.
        """
        self.process, self.domain = process, domain
        self._log_file, self._patience_s = log_file, patience_s
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = Node("bench", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.camera = self.node.create_publisher(Image, "/image", qos.output())

    @property
    def log(self) -> str:
        return self._log_file.read_text() if self._log_file.exists() else ""

    def ends_well(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(self._patience_s) == 0, self.log
        assert "Traceback" not in self.log and "terminate called" not in self.log, self.log

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)
