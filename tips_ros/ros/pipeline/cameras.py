# SPDX-License-Identifier: Apache-2.0
"""The cameras of an active node: begun together, or none of them; told and ended together."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping

from rclpy.callback_groups import CallbackGroup

from tips_ros.log_throttle import LogThrottle
from tips_ros.perception.description import ModelDescription
from tips_ros.ros.classes.class_manager import ClassManager
from tips_ros.ros.health.diagnostics import CameraState
from tips_ros.ros.health.sim_clock import SimTimeMonitor
from tips_ros.ros.inputs.camera import ReceivedImage
from tips_ros.ros.inputs.latest_images import LatestImages
from tips_ros.ros.outputs.publishers import OutputPublishers
from tips_ros.ros.parameters.node import ParameterNode
from tips_ros.ros.pipeline.camera import Camera, CameraRecord
from tips_ros.ros.transforms.tf import TransformLookup

logger = logging.getLogger(__name__)


class Cameras:
    """Listen from their creation on; `close` ends it, and `release` frees what frames still use.

    Attributes:
        by_name: in the order of their names' parameter.
    """

    def __init__(
        self,
        node: ParameterNode,
        description: ModelDescription,
        publishers: Mapping[str, OutputPublishers],
        vocabulary: ClassManager,
        frames: TransformLookup,
        records: Mapping[str, CameraRecord],
        latest: LatestImages[ReceivedImage],
        group: CallbackGroup,
    ) -> None:
        """
        Args:
            node: whose they are.
            description: of the model.
            publishers: of each camera, by name.
            vocabulary: the classes, which are announced.
            frames: where cameras are.
            records: of each camera, by name.
            latest: where their images go.
            group: the callback group of all subscriptions.

        Raises:
            Exception: a subscription that can't be made; then nothing is left of any.
        """
        self._throttle = LogThrottle(logger)
        self._sim_time = SimTimeMonitor(node.get_clock())
        self.by_name: dict[str, Camera] = {}
        try:
            for name, of_camera in publishers.items():
                self.by_name[name] = Camera(
                    node,
                    name,
                    latest=latest,
                    publishers=of_camera,
                    similarity=vocabulary.similarity[name],
                    record=records[name],
                    description=description,
                    frames=frames,
                    group=group,
                )
            vocabulary.board.announce_first()
        except Exception:
            self.close()
            self.release()
            raise

    def __iter__(self) -> Iterator[Camera]:
        return iter(self.by_name.values())

    def states(self) -> list[CameraState]:
        """Returns the state of each camera, for diagnostics."""
        paused, missing = self._sim_time.paused(), self._sim_time.missing
        running_s = self._sim_time.seconds_running()
        return [
            camera.state()._replace(paused=paused, clock_missing=missing, clock_running_s=running_s)
            for camera in self
        ]

    def warn_of_silence(self, states: Iterable[CameraState], silence_s: float) -> None:
        """Says which cameras have been silent for longer, and what may be done about it.

        Args:
            states: of each, as `states` has them.
            silence_s: 0 is never.
        """
        for camera, state in zip(self, states, strict=True):
            silent_s = state.silent_s
            if silent_s is not None and silent_s > silence_s > 0.0:
                self._throttle.warning(
                    f"silence {camera.name}",
                    "no image for %.0f s on %s: %s",
                    silent_s,
                    camera.input.topic,
                    camera.input.publishers_found(),
                )

    def fail_queries(self, reason: str) -> None:
        """Ends the waiting of services."""
        for camera in self:
            camera.queries.close(reason)

    def reset(self) -> None:
        """Forgets what was learnt of earlier frames, as when time jumps back."""
        for camera in self:
            camera.reset()

    def close(self) -> None:
        """Unsubscribes. A frame that is in work is not waited for."""
        for camera in self:
            camera.close()

    def release(self) -> None:
        """Frees what frames in work may still use, after the last of them."""
        for camera in self:
            camera.release()
