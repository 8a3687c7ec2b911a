# SPDX-License-Identifier: Apache-2.0
"""All that an active node has of one camera: its input, its outputs, questions and counters."""

from __future__ import annotations

from rclpy.callback_groups import CallbackGroup
from rclpy.lifecycle import LifecycleNode

from tips_ros.perception.camera.mounting import Turn, turn_of
from tips_ros.perception.description import ModelDescription
from tips_ros.ros import parameters
from tips_ros.ros.camera_input import CameraInput, Received
from tips_ros.ros.depth_scaling import DepthScaling
from tips_ros.ros.diagnostics import CameraState
from tips_ros.ros.frame import OutputOptions
from tips_ros.ros.frame_camera import FrameCamera
from tips_ros.ros.frames import Frames
from tips_ros.ros.latest import Latest
from tips_ros.ros.placement import Placement
from tips_ros.ros.publishers import OutputPublishers
from tips_ros.ros.questions import Questions
from tips_ros.ros.similarity_publishers import SimilarityPublishers
from tips_ros.ros.statistics import Statistics


class CameraWork:
    """Listens from its creation on; `close` ends it.

    Attributes:
        name: of the camera; "" for the only one.
        input: where the images come from.
        calibration: what the camera of a frame is.
        scaling: how its depth becomes metres.
        placement: where it stands, for clouds in other frames.
        publishers, similarity: where its outputs go.
        questions: of services to its next frame.
        statistics: of its frames since it began.
    """

    def __init__(
        self,
        node: LifecycleNode,
        name: str,
        latest: Latest[Received],
        publishers: OutputPublishers,
        similarity: SimilarityPublishers,
        description: ModelDescription,
        frames: Frames,
        group: CallbackGroup,
    ) -> None:
        self._node = node
        self.name = name
        self.publishers, self.similarity = publishers, similarity
        self.statistics, self.questions = Statistics(), Questions()
        self.scaling = DepthScaling(node, name, description, frames, group)
        self.placement = Placement(node, name, frames)
        transport = parameters.value(node, "image_transport", name)
        self.input = CameraInput(node, name, transport, group, self.statistics, latest)
        self.calibration = FrameCamera(self.input)

    @property
    def turn(self) -> Turn:
        """How it is mounted now."""
        return turn_of(parameters.value(self._node, "rotation_deg", self.name))

    @property
    def options(self) -> OutputOptions:
        """What the user wants of its outputs now."""
        return parameters.output_options(self._node, self.name)

    def state(self, paused: bool) -> CameraState:
        """For diagnostics; `paused` is whether simulated time stands still."""
        return CameraState(
            self.name,
            self.statistics.snapshot(),
            [topic.name for topic in self.publishers.wanted()],
            self.scaling.facts(),
            self.scaling.doubt,
            paused,
        )

    def forget(self) -> None:
        """What was learnt of earlier frames, as when time jumps back."""
        self.scaling.reset()

    def close(self) -> None:
        """Unsubscribes. A frame that is in work is not waited for."""
        self.questions.close()
        self.input.close()

    def release(self) -> None:
        """What frames in work may still use, after the last of them."""
        self.scaling.close()
