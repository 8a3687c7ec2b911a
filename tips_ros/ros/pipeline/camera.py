# SPDX-License-Identifier: Apache-2.0
"""All that an active node has of one camera: its input, its outputs, queries and counters."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from rclpy.callback_groups import CallbackGroup
from rclpy.lifecycle import LifecycleNode

from tips_ros.perception.description import ModelDescription
from tips_ros.perception.images.decoder import ImageDecoder
from tips_ros.perception.objects.tracker import IdCounter
from tips_ros.ros.health.diagnostics import CameraState
from tips_ros.ros.health.statistics import Statistics
from tips_ros.ros.inputs.calibration import CalibrationSource
from tips_ros.ros.inputs.camera import CameraSubscription, ReceivedImage
from tips_ros.ros.inputs.latest_images import LatestImages
from tips_ros.ros.outputs.depth_info import DepthHistory, DepthInfoPublisher
from tips_ros.ros.outputs.level_frame import LevelFramePublisher
from tips_ros.ros.outputs.publishers import OutputPublishers
from tips_ros.ros.outputs.similarity import SimilarityPublishers
from tips_ros.ros.parameters import values as parameters
from tips_ros.ros.parameters.snapshot import CameraSettings
from tips_ros.ros.pipeline.frame_plan import FramePlan
from tips_ros.ros.pipeline.queries import FrameQueries
from tips_ros.ros.pipeline.stages.depth_scaling import DepthScaler
from tips_ros.ros.pipeline.stages.floor_watch import FloorWatch
from tips_ros.ros.pipeline.stages.object_watch import ObjectWatch
from tips_ros.ros.pipeline.stages.steadying import Steadying
from tips_ros.ros.transforms.placement import CameraPoseLookup
from tips_ros.ros.transforms.tf import TransformLookup


@dataclass(frozen=True)
class CameraRecord:
    """All of a camera that outlives a cleanup of its node.

    Attributes:
        statistics: of its frames.
        depth_history: what its `~/depth/info` has said so far.
        object_ids: where the ids of its things are from.
    """

    statistics: Statistics = field(default_factory=Statistics)
    depth_history: DepthHistory = field(default_factory=DepthHistory)
    object_ids: IdCounter = field(default_factory=IdCounter)


class Camera:
    """Listens from its creation on; `close` ends it.

    Attributes:
        name: of the camera; "" for the only one.
        plan: of its newest frame, which the next one shares where nothing changed.
        turned_to: the plan of the newest frame that was finished.
        input: where the images come from.
        decoder: from their messages to pixels.
        calibration: what the camera of a frame is.
        ground: its floor over time.
        objects: its things over time.
        scaling: how its depth becomes metres.
        steadying: how it is held still.
        placement: where it stands, for clouds in other frames.
        publishers, similarity, depth_info, level_frame: where its outputs go.
        queries: of services to its next frame.
        statistics: of its frames.
    """

    def __init__(
        self,
        node: LifecycleNode,
        name: str,
        *,
        latest: LatestImages[ReceivedImage],
        publishers: OutputPublishers,
        similarity: SimilarityPublishers,
        record: CameraRecord,
        description: ModelDescription,
        frames: TransformLookup,
        group: CallbackGroup,
    ) -> None:
        self._node = node
        self.name = name
        self.plan: FramePlan | None = None
        self.turned_to: FramePlan | None = None
        self.publishers, self.similarity = publishers, similarity
        self.statistics, self.queries = record.statistics, FrameQueries()
        self.placement = CameraPoseLookup(node, name, frames)
        self.placement.listen()
        self.steadying = Steadying(frames)
        self.steadying.listen(self.settings)
        self._wanted_at = self.listening_since = time.monotonic()
        wanted = self.settings.scale_source
        self.scaling = DepthScaler(node, name, description, frames, group, wanted)
        self.ground = FloorWatch(node, name, frames)
        self.ground.listen(self.settings)
        self.objects = ObjectWatch(frames, record.object_ids)
        self.level_frame = LevelFramePublisher(node)
        self.depth_info = DepthInfoPublisher(node, name, self.scaling.status, record.depth_history)
        transport = parameters.value(node, "image_transport", name)
        try:
            self.input = CameraSubscription(node, name, transport, group, self.statistics, latest)
        except Exception:
            self.release()
            raise
        self.calibration = CalibrationSource(self.input)
        self.decoder = ImageDecoder(self.input.topic)

    @property
    def settings(self) -> CameraSettings:
        """All that its frames are made by now."""
        return parameters.snapshot(self._node).of_camera[self.name]

    def follow_demand(self, wanted: bool) -> bool:
        """Subscribes to the images while somebody waits for an output, and rests a while after.

        Args:
            wanted: whether somebody does.

        Returns:
            Whether it has just begun to rest.
        """
        after_s = parameters.value(self._node, "unsubscribe_after_s")
        now = time.monotonic()
        if after_s <= 0.0 or wanted:
            self._wanted_at = now
            if self.input.listen():
                self.listening_since = now
            return False
        return now - self._wanted_at > after_s and self.input.rest()

    def state(self) -> CameraState:
        """State of the camera for diagnostics."""
        return CameraState(
            self.name,
            self.statistics.snapshot(),
            [topic.name for topic in self.publishers.subscribed_topics()],
            self.scaling.facts(self.settings.scale_source) | self.steadying.facts(),
            self.scaling.doubt,
            topic=self.input.topic,
            listening_s=time.monotonic() - self.listening_since if self.input.listens else None,
        )

    def reset(self) -> None:
        """Forgets what was learnt of earlier frames, as when time jumps back."""
        self.scaling.reset()
        self.steadying.reset()
        self.ground.reset()
        self.objects.reset()

    def turn_to(self, plan: FramePlan) -> None:
        """Ends what frames of this plan do without; from the finishing thread."""
        self.turned_to = plan
        if not plan.follows_floor:
            self.ground.rest()
        if not plan.holds_still:
            self.steadying.rest()
            self.scaling.note_held(self.steadying.last)

    def rest(self) -> None:
        """Unsubscribes from what frames take besides, until the next; from the finishing thread."""
        self.scaling.rest()
        self.ground.rest()

    def close(self) -> None:
        """Unsubscribes. A frame that is in work is not waited for."""
        self.queries.close()
        self.input.close()

    def release(self) -> None:
        """Frees what frames in work may still use, after the last of them."""
        self.scaling.close()
        self.ground.rest()
        self.depth_info.close()
        self.level_frame.close()
