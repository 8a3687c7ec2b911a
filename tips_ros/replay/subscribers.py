# SPDX-License-Identifier: Apache-2.0
"""Publishers of every output, and other processes that subscribe to all of them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tips_ros.advice import as_typed
from tips_ros.messages.outputs import DEFAULT_TOPICS, OutputTopic
from tips_ros.messages.types import rclpy_class
from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.ros.process.middleware import use_asynchronous_publishing
from tips_ros.ros.topics import qos
from tips_ros.ros.transport_profile import transport_environment

_NAMESPACE = "/tips_bench"
_PATIENCE_S = 60.0
_GOODBYE_S = 20.0
_LOOK_S = 0.05


class SubscriberProcesses:
    """A place to publish to, with listeners in processes of their own; a context manager."""

    def __init__(self, listeners: int) -> None:
        """Starts them and waits until they are there.

        Args:
            listeners: how many processes, each of which subscribes to every output.

        Raises:
            RuntimeError: they didn't come.
        """
        self._stack = ExitStack()
        try:
            self._gather(listeners)
        except BaseException:
            self.close()
            raise

    def publish(self, topic: OutputTopic, message: Any) -> None:
        """Publishes one message."""
        self._publishers[topic].publish(message)

    def close(self) -> None:
        """Ends the listeners and leaves the graph."""
        self._stack.close()

    def _gather(self, listeners: int) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tips_bench_")))
        environment = {**own_graph_environment(), **transport_environment(smaller_in=folder)}
        use_asynchronous_publishing()  # as the node does
        processes = [self._listener(environment) for _ in range(listeners)]
        graph = self._stack.enter_context(RosSession("tips_bench", environment))
        self._publishers: dict[OutputTopic, Any] = {
            topic: graph.node.create_publisher(
                rclpy_class(topic.type), f"{_NAMESPACE}/{topic.name}", qos.output()
            )
            for topic in DEFAULT_TOPICS
        }
        deadline = time.monotonic() + _PATIENCE_S
        while any(p.get_subscription_count() < listeners for p in self._publishers.values()):
            gone = any(process.poll() is not None for process in processes)
            if gone or time.monotonic() > deadline:
                raise RuntimeError(
                    f"{listeners} subscribing processes were started and did not all come; "
                    f"see whether `{as_typed('tips_ros doctor')}` finds ROS in order"
                )
            time.sleep(_LOOK_S)

    def _listener(self, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tips_ros.replay.subscribers"],
            stdin=subprocess.PIPE,  # it ends when this does
            stdout=subprocess.DEVNULL,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        self._stack.callback(_end, process)
        return process

    def __enter__(self) -> SubscriberProcesses:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_GOODBYE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def listen() -> None:
    """Takes every output until standard input ends."""
    with RosSession(f"listener_{os.getpid()}") as graph:
        for topic in DEFAULT_TOPICS:
            graph.node.create_subscription(
                rclpy_class(topic.type),
                f"{_NAMESPACE}/{topic.name}",
                lambda _: None,
                qos.output(),
                raw=True,
            )
        sys.stdin.buffer.read()


if __name__ == "__main__":
    listen()
