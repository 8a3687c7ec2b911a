# SPDX-License-Identifier: Apache-2.0
"""Clouds that wait, for a bounded time, until tf2 knows where their camera was."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tips_ros.ros.frame import Frame
from tips_ros.ros.outputs import OutputTopic
from tips_ros.ros.pipeline.camera import Camera
from tips_ros.ros.throttle import Throttle

logger = logging.getLogger(__name__)

# A transform comes after its picture: by a cycle of the odometry, or half a second where it is
# made from pictures as well.
HOLD_S = 1.0
_MOST_BYTES = 512 * 2**20


def _nothing(cause: str) -> None:
    del cause


@dataclass
class HeldCloud:
    """A cloud whose transform has not come yet.

    Attributes:
        topic: it is published on.
        frame: it is made of.
        camera: whose it is.
        then: called with "" once it was published, else with the cause why it was not.
        until: monotonic seconds when it is given up.
    """

    topic: OutputTopic
    frame: Frame
    camera: Camera
    then: Callable[[str], None] = _nothing
    until: float = field(default_factory=lambda: time.monotonic() + HOLD_S)

    @property
    def bytes(self) -> int:
        """About what it keeps in memory: colours, depth, normals, labels and the cloud itself."""
        height, width = self.frame.rgb.shape[:2]
        return height * width * 52

    def publish(self, timeout_s: float) -> str:
        """Waits for the transform; "" once it was published, else the cause why it was not."""
        header = self.frame.header
        try:
            self.frame.placed = self.camera.placement.of(header, timeout_s)
        except ValueError as error:
            self.camera.placement.complain(header, error)
            return "no transform"
        return "" if self.camera.publishers.publish(self.topic, self.frame) else "not made"


class HeldClouds:
    """Publishes them in their order, in a thread of its own: no other output waits for them."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: deque[HeldCloud] = deque()
        self._bytes = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._throttle = Throttle(logger)

    def put(self, held: HeldCloud) -> None:
        """Takes a cloud; the oldest are given up where too many wait."""
        given_up = []
        with self._condition:
            if self._closed:
                given_up.append(held)
            else:
                self._waiting.append(held)
                self._bytes += held.bytes
                while self._bytes > _MOST_BYTES and len(self._waiting) > 1:
                    given_up.append(self._next())
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, name="tips held clouds", daemon=True
                    )
                    self._thread.start()
                self._condition.notify()
        for cloud in given_up:
            cloud.then("no transform")

    def close(self) -> None:
        """Gives up what waits, each for once without a wait, and ends the thread."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()

    def _next(self) -> HeldCloud:
        held = self._waiting.popleft()
        self._bytes -= held.bytes
        return held

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                held = self._next()
            try:
                cause = held.publish(0.0 if self._closed else held.until - time.monotonic())
            except Exception as error:
                self._throttle.error("held", "no ~/points_filtered: %r", error, cause=error)
                cause = "failed"
            held.then(cause)
