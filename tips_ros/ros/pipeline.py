# SPDX-License-Identifier: Apache-2.0
"""The thread that images go through: admitted, decoded, served, and each one accounted for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

from rclpy.node import Node
from rclpy.time import Time

from tips_ros.perception.predictor import Predictor
from tips_ros.ros import parameters
from tips_ros.ros.camera_input import Received
from tips_ros.ros.camera_work import CameraWork
from tips_ros.ros.class_board import ClassBoard
from tips_ros.ros.decoding import rgb_of
from tips_ros.ros.demand import Job, demand_of
from tips_ros.ros.latest import Latest
from tips_ros.ros.overlap import Overlap
from tips_ros.ros.serving import Serving
from tips_ros.ros.throttle import Throttle

logger = logging.getLogger(__name__)
_WAIT_S = 0.5


class Pipeline:
    """Takes the newest image of each camera, again and again."""

    def __init__(
        self,
        node: Node,
        cameras: Sequence[CameraWork],
        latest: Latest[Received],
        board: ClassBoard,
        predictor: Predictor,
    ) -> None:
        self._node = node
        self._cameras = {camera.name: camera for camera in cameras}
        self._latest = latest
        self._board = board
        self._publishing = Overlap()
        self._serving = Serving(predictor, board, self._publishing, self._age_s)
        self._throttle = Throttle(logger)
        self._thread = threading.Thread(target=self._run, name="tips pipeline", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Waits for the frames at hand to end. What hands images out must be closed first."""
        if self._thread.is_alive():
            self._thread.join()
        self._publishing.close()

    def _run(self) -> None:
        while not self._latest.closed:
            taken = self._latest.take(_WAIT_S, parameters.value(self._node, "cameras_window_s"))
            jobs = [self._job(self._cameras[name], received) for name, received in taken.items()]
            if admitted := [job for job in jobs if job is not None]:
                self._serving.serve(admitted)

    def _job(self, camera: CameraWork, received: Received) -> Job | None:
        try:
            return self._admitted(camera, received)
        except Exception as error:
            self._serving.lost(camera, error)
            return None

    def _admitted(self, camera: CameraWork, received: Received) -> Job | None:
        """A frame that somebody waits for, decoded; None, and a drop counted, for another."""
        header = received.message.header
        if 0.0 < parameters.value(self._node, "max_age_s") < self._age_s(header):
            camera.statistics.dropped("stale")
            return None
        labelling = self._board.for_frame(camera.name, header)
        demand = demand_of(camera, labelling)
        if not demand:
            self._serving.announce(camera, labelling, header)
            camera.statistics.dropped("unwatched")
            return None
        try:
            with camera.statistics.stage("decode"):
                rgb = rgb_of(received.message)
        except ValueError as error:
            camera.statistics.dropped("unreadable", str(error))
            self._throttle.warning(f"unreadable {camera.name}", "%s: %s", camera.input.topic, error)
            return None
        return Job(camera, header, rgb, labelling, demand, received.at)

    def _age_s(self, header: Any) -> float:
        now = self._node.get_clock().now()
        return (now - Time.from_msg(header.stamp, clock_type=now.clock_type)).nanoseconds / 1e9
