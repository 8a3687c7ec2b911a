# SPDX-License-Identifier: Apache-2.0
"""The thread that images go through: decoded, served, and each one accounted for."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from rclpy.node import Node
from rclpy.time import Time

from tips_ros.ros import parameters
from tips_ros.ros.camera_input import CameraInput, Received
from tips_ros.ros.class_board import ClassBoard
from tips_ros.ros.decoding import rgb_of
from tips_ros.ros.serving import Serving
from tips_ros.ros.statistics import Statistics
from tips_ros.ros.throttle import Throttle

logger = logging.getLogger(__name__)
_WAIT_S = 0.5


class Pipeline:
    """Takes the newest image of a camera, again and again."""

    def __init__(
        self,
        node: Node,
        camera: CameraInput,
        board: ClassBoard,
        serving: Serving,
        statistics: Statistics,
    ) -> None:
        self._node = node
        self._camera = camera
        self._board = board
        self._serving = serving
        self._statistics = statistics
        self._throttle = Throttle(logger)
        self._thread = threading.Thread(target=self._run, name="tips pipeline", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Waits for the frame at hand to end. The camera must be closed first."""
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._camera.latest.closed:
            received = self._camera.latest.take(_WAIT_S)
            if received is None:
                continue
            try:
                self._process(received)
            except Exception as error:
                # Whatever one frame does to the model or the middleware, the next one is tried.
                self._statistics.dropped("failed", f"{type(error).__name__}: {error}")
                self._throttle.error("failed", "frame lost: %s: %s", type(error).__name__, error)

    def _process(self, received: Received) -> None:
        header = received.message.header
        age_s = self._age_s(header)
        if 0.0 < parameters.value(self._node, "max_age_s") < age_s:
            self._statistics.dropped("stale")
            return
        labelling = self._board.for_frame(header)
        demand = self._serving.demand(labelling)
        if not demand:
            self._statistics.dropped("unwatched")
            return
        try:
            with self._statistics.stage("decode"):
                rgb = rgb_of(received.message)
        except ValueError as error:
            self._statistics.dropped("unreadable", str(error))
            self._throttle.warning("unreadable", "%s: %s", self._camera.topic, error)
            return
        self._serving.serve(header, rgb, labelling, demand)
        self._statistics.went_out(self._age_s(header), time.monotonic() - received.at)

    def _age_s(self, header: Any) -> float:
        now = self._node.get_clock().now()
        return (now - Time.from_msg(header.stamp, clock_type=now.clock_type)).nanoseconds / 1e9
