# SPDX-License-Identifier: Apache-2.0
"""An executor that can be ended without pulling the node away from under a running callback."""

from __future__ import annotations

import threading
from typing import Any

from rclpy.executors import MultiThreadedExecutor

_LOOK_UP_S = 0.5


class NodeExecutor(MultiThreadedExecutor):
    """Threads for what may take its time at once: a transition that loads a model, a service that
    waits for a frame, one that encodes prompts, and the images.

    rclpy's own `shutdown` returns while callbacks still run (up to Jazzy at least); destroying
    the node then is a race. Here: `stop`, join the thread that spins, `shutdown`.
    """

    def __init__(self, num_threads: int = 4, **kwargs: Any) -> None:
        super().__init__(num_threads=num_threads, **kwargs)
        self._stop_asked = threading.Event()

    def spin(self) -> None:
        """Runs callbacks until `stop` is called or the context ends."""
        while self.context.ok() and not self._stop_asked.is_set():
            self.spin_once(timeout_sec=_LOOK_UP_S)

    def stop(self) -> None:
        """Asks `spin` to return."""
        self._stop_asked.set()
        self.wake()

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Waits for the callbacks that run, then frees the executor. `spin` must have returned."""
        self._executor.shutdown(wait=True)  # the thread pool
        return super().shutdown(timeout_sec)
