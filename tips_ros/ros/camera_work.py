# SPDX-License-Identifier: Apache-2.0
"""All that an active node does with one camera: input, thread, questions and counters."""

from __future__ import annotations

from rclpy.callback_groups import CallbackGroup
from rclpy.lifecycle import LifecycleNode

from tips_ros.perception.predictor import Predictor
from tips_ros.ros import parameters
from tips_ros.ros.camera_input import CameraInput
from tips_ros.ros.frame_camera import FrameCamera
from tips_ros.ros.pipeline import Pipeline
from tips_ros.ros.publishers import OutputPublishers
from tips_ros.ros.questions import Questions
from tips_ros.ros.serving import Serving
from tips_ros.ros.statistics import Statistics
from tips_ros.ros.vocabulary import Vocabulary


class CameraWork:
    """Begins on creation, once the classes are announced; `close` ends it.

    Attributes:
        camera: where the images come from.
        statistics: of the frames since it began.
        questions: of services to the next frame.
    """

    def __init__(
        self,
        node: LifecycleNode,
        predictor: Predictor,
        publishers: OutputPublishers,
        vocabulary: Vocabulary,
        group: CallbackGroup,
    ) -> None:
        vocabulary.board.announce_first()
        self.statistics, self.questions = Statistics(), Questions()
        transport = parameters.value(node, "image_transport")
        self.camera = CameraInput(node, transport, group, self.statistics)
        serving = Serving(
            node,
            predictor,
            FrameCamera(self.camera),
            publishers,
            vocabulary.similarity,
            self.questions,
            self.statistics,
        )
        self._pipeline = Pipeline(node, self.camera, vocabulary.board, serving, self.statistics)
        self._pipeline.start()

    def close(self) -> None:
        """Unsubscribes, and waits for the frame at hand to end."""
        self.questions.close()
        self.camera.close()
        self._pipeline.stop()
