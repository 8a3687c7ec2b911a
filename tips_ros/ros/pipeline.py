# SPDX-License-Identifier: Apache-2.0
"""What happens to one image: decode, predict what somebody listens to, publish."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.time import Time

from tips_ros.perception.camera import (
    SeenCamera,
    UncalibratedCamera,
    has_distortion,
    seen_camera,
)
from tips_ros.perception.predictor import Predictor, scaled_size
from tips_ros.ros import parameters
from tips_ros.ros.camera_input import CameraInput, Received
from tips_ros.ros.class_board import ClassBoard
from tips_ros.ros.decoding import rgb_of
from tips_ros.ros.outputs import Frame, OutputOptions, OutputTopic, predict_for
from tips_ros.ros.publishers import OutputPublishers
from tips_ros.ros.statistics import Statistics
from tips_ros.ros.throttle import Throttle

logger = logging.getLogger(__name__)
_WAIT_S = 0.5


class Pipeline:
    """A thread that takes the newest image of a camera and publishes what is seen in it."""

    def __init__(
        self,
        node: Node,
        predictor: Predictor,
        camera: CameraInput,
        publishers: OutputPublishers,
        board: ClassBoard,
        statistics: Statistics,
    ) -> None:
        self._node = node
        self._predictor = predictor
        self._camera = camera
        self._publishers = publishers
        self._board = board
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
        wanted = self._publishers.wanted()
        if not wanted:
            self._statistics.dropped("unwatched")
            self._board.for_frame(header)
            return
        try:
            with self._statistics.stage("decode"):
                rgb = rgb_of(received.message)
        except ValueError as error:
            self._statistics.dropped("unreadable", str(error))
            self._throttle.warning("unreadable", "%s: %s", self._camera.topic, error)
            return
        frame = self._frame(header, rgb, wanted)
        with self._statistics.stage("publish"):
            for topic in wanted:
                self._publishers.publish(topic, frame)
        self._statistics.went_out(self._age_s(header), time.monotonic() - received.at)

    def _frame(self, header: Any, rgb: NDArray[np.uint8], wanted: list[OutputTopic]) -> Frame:
        options = parameters.output_options(self._node)
        camera = self._camera_of(rgb, options, wanted)
        with self._statistics.stage("predict"):
            prediction = predict_for(
                wanted, self._predictor, rgb, camera is not None, options.scale
            )
        semantic = self._board.for_frame(header)
        return Frame(header, rgb, prediction, semantic, camera, options)

    def _camera_of(
        self, rgb: NDArray[np.uint8], options: OutputOptions, wanted: list[OutputTopic]
    ) -> SeenCamera | None:
        """From the newest CameraInfo if it belongs to images of this size, else None and a message.

        None, too, where no topic asks for it.
        """
        if not any(topic.needs_camera for topic in wanted):
            return None
        info = self._camera.camera_info
        if info is None:
            self._throttle.warning(
                "no camera_info",
                "~/points waits for a CameraInfo on %s; the other outputs go on",
                self._camera.info_topic,
            )
            return None
        height, width = rgb.shape[:2]
        try:
            size = scaled_size(height, width, options.scale)
            camera = seen_camera(info, (height, width), size, options.rectified)
        except UncalibratedCamera as error:
            self._throttle.warning(
                "camera_info", "~/points waits: %s: %s", self._camera.info_topic, error
            )
            return None
        if not options.rectified and has_distortion(info):
            self._throttle.warning(
                "distortion",
                "%s has lens distortion, which ~/points does not undo: feed rectified images "
                "and set rectified:=true",
                self._camera.info_topic,
            )
        return camera

    def _age_s(self, header: Any) -> float:
        now = self._node.get_clock().now()
        return (now - Time.from_msg(header.stamp, clock_type=now.clock_type)).nanoseconds / 1e9
