# SPDX-License-Identifier: Apache-2.0
"""A /clock as of a bag that plays in a loop."""

from __future__ import annotations

import random
import threading
import time

from rclpy.node import Node
from rosgraph_msgs.msg import Clock


class SimulatedTime:
    """/clock as of a bag that plays in a loop, pauses, and begins anew."""

    def __init__(self, node: Node, rng: random.Random) -> None:
        self._message = Clock()
        self._publisher = node.create_publisher(Clock, "/clock", 10)
        self._rng = rng
        self._ns = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def now_ns(self) -> int:
        """Simulated time of the clock."""
        return self._ns

    def close(self) -> None:
        """Stands still from now on."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            start = 1_000 * 10**9
            pause_at_s, pause_s = self._rng.uniform(1, 20), self._rng.uniform(0, 3)
            begin = time.monotonic()
            for tick in range(int(self._rng.uniform(3.0, 9.0) * 50)):
                self._ns = start + tick * 20_000_000
                sec, nanosec = divmod(self._ns, 10**9)
                self._message.clock.sec, self._message.clock.nanosec = sec, nanosec
                self._publisher.publish(self._message)
                if self._over.wait(0.02):
                    return
                if 0 < pause_at_s < time.monotonic() - begin:
                    pause_at_s = 0
                    self._over.wait(pause_s)
