# SPDX-License-Identifier: Apache-2.0
"""What the node does while it is active: its cameras, and the thread that serves their images."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode

from tips_ros.perception.predictor import Predictor
from tips_ros.ros.camera_input import Received
from tips_ros.ros.camera_work import CameraWork
from tips_ros.ros.diagnostics import CameraState
from tips_ros.ros.frames import Frames
from tips_ros.ros.latest import Latest
from tips_ros.ros.pipeline import Pipeline
from tips_ros.ros.publishers import OutputPublishers
from tips_ros.ros.standstill import Standstill
from tips_ros.ros.throttle import Throttle
from tips_ros.ros.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

_BACK = JumpThreshold(
    min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=False
)


class Work:
    """Begins on creation, once the classes are announced; `close` ends it.

    Attributes:
        cameras: at least one.
    """

    def __init__(
        self,
        node: LifecycleNode,
        predictor: Predictor,
        publishers: Mapping[str, OutputPublishers],
        vocabulary: Vocabulary,
        frames: Frames,
        group: CallbackGroup,
    ) -> None:
        """
        Args:
            node: whose it is.
            predictor: the model.
            publishers: of each camera, by name.
            vocabulary: the classes.
            frames: where cameras are.
            group: the callback group of all subscriptions.
        """
        vocabulary.board.announce_first()
        self._throttle = Throttle(logger)
        self._standstill = Standstill(node.get_clock())
        self._latest: Latest[Received] = Latest(publishers)
        self.cameras = [
            CameraWork(
                node,
                name,
                self._latest,
                of_camera,
                vocabulary.similarity[name],
                predictor.description,
                frames,
                group,
            )
            for name, of_camera in publishers.items()
        ]
        self._pipeline = Pipeline(node, self.cameras, self._latest, vocabulary.board, predictor)
        self._pipeline.start()
        self._jumps = node.get_clock().create_jump_callback(_BACK, post_callback=self._on_jump)

    def states(self) -> list[CameraState]:
        """Of each camera, for diagnostics."""
        paused = self._standstill.now()
        return [camera.state(paused) for camera in self.cameras]

    def warn_of_silence(self, silence_s: float) -> None:
        """Says which cameras have been silent for longer, and what may be done about it.

        Args:
            silence_s: 0 is never.
        """
        if self._standstill.now():
            return  # then no camera has anything to say
        for camera in self.cameras:
            silent_s = camera.statistics.silent_for_s()
            if silent_s > silence_s > 0.0:
                self._throttle.warning(
                    f"silence {camera.name}",
                    "no image for %.0f s on %s: %s",
                    silent_s,
                    camera.input.topic,
                    camera.input.publishers_found(),
                )

    def close(self) -> None:
        """Unsubscribes, and waits for the frames at hand to end."""
        self._jumps.unregister()
        self._latest.close()
        for camera in self.cameras:
            camera.close()
        self._pipeline.stop()
        for camera in self.cameras:
            camera.release()

    def _on_jump(self, jump: TimeJump) -> None:
        """Time went back, as when a bag begins anew: frames from before are of another time."""
        thrown = self._latest.clear()
        for camera in self.cameras:
            if camera.name in thrown:
                camera.statistics.dropped("rewound")
            camera.forget()
        logger.info("time went back: what was learnt of earlier frames is forgotten")
