# SPDX-License-Identifier: Apache-2.0
"""Frames of a bag's camera: what the model sees, in metres, held still, with floor and things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagReader
from tips_ros.messages.conversions import stamp_ns as stamp_of
from tips_ros.messages.depth_info import DepthScaleStatus
from tips_ros.messages.frame_result import CameraPose, FrameResult, OutputOptions
from tips_ros.messages.ground import look_at_ground, wants_ground
from tips_ros.messages.objects.objects import look_at_objects
from tips_ros.messages.outputs import TRACKED, OutputTopic, view_for
from tips_ros.messages.sensor_comparison import PredictedFrame
from tips_ros.messages.sensor_view import View
from tips_ros.offline.bag_level import BagLevel
from tips_ros.offline.bag_memory import BagMemory
from tips_ros.offline.bag_sensor import BagSensor
from tips_ros.offline.camera_poses import CameraPoses
from tips_ros.perception.camera.mounting import MountingRotation, upright_intrinsics
from tips_ros.perception.camera.output_camera import OutputCamera
from tips_ros.perception.depth.depth_scale import ScaleSource, prediction_in_metres
from tips_ros.perception.depth.scale_choice import ScaleChoice
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.ground import Ground
from tips_ros.perception.objects.objects import Objects
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.perception.temporal.stream import Holding, PlacedImage, SteadyStream


class BagImage(NamedTuple):
    """A decoded image of a bag."""

    stamp_ns: int  # of the bag
    header: Any
    rgb: NDArray[np.uint8]
    camera: OutputCamera | None


@dataclass
class AnnotationSettings:
    """Settings of what is made of each image.

    Attributes:
        predictor: the model.
        topics: the outputs to write.
        label_space: the classes of the labels.
        namespace: put before the output topics' names.
        options: of the outputs, as the node has them.
        scale: what brings depth to metres.
        sensor: what measures that, once it has; None for none.
        mounting: how the camera is mounted.
        holding: whether depth and labels are held still.
        holding_frame: the frame of tf in which the camera moves smoothly; "" for none.
        batch: images that go through the network together.
        level: what tells where up is, beside the mounting; None for nobody.
        memory: what remembers the things of the bag; None for nobody.
    """

    predictor: Predictor
    topics: Sequence[OutputTopic]
    label_space: LabelSpace
    namespace: str = "/tips"
    options: OutputOptions = field(default_factory=OutputOptions)
    scale: ScaleChoice = ScaleChoice()
    sensor: BagSensor | None = None
    mounting: MountingRotation = 0
    holding: Holding = Holding()
    holding_frame: str = "odom"
    batch: int = 1
    level: BagLevel | None = None
    memory: BagMemory | None = None


class CameraFrames:
    """Makes frames of one camera's images, in their order; what it has seen counts for the next.

    Attributes:
        scale_status: the scale of the last depth; None without any.
    """

    def __init__(self, settings: AnnotationSettings, reader: BagReader) -> None:
        """
        Args:
            settings: what is made.
            reader: of the bag, for its transforms.
        """
        self._settings = settings
        self._reader = reader
        self._stream = SteadyStream()
        self._ground, self._objects = Ground(), Objects()
        self._poses: CameraPoses | None = None
        self.scale_status: DepthScaleStatus | None = None

    def process(self, images: Sequence[BagImage]) -> Iterator[tuple[int, FrameResult]]:
        """Runs the model once for all; the bag's stamp and the frame of each."""
        settings = self._settings
        views = [
            view_for(
                [*settings.topics, *([TRACKED] if settings.memory else [])],
                settings.predictor,
                one.rgb,
                one.camera is not None,
                settings.options.scale,
                settings.label_space,
                settings.mounting,
            )
            for one in images
        ]
        wanted = [view for view in views if view is not None]
        encoded = iter(settings.predictor.encode_batch(wanted) if wanted else ())
        for one, view in zip(images, views, strict=True):
            prediction, features = Prediction(), None
            if view is not None:
                seen = next(encoded)
                prediction = settings.predictor.decode(seen, *view.label_spaces)
                prediction = self._metric(prediction, one)
                features = settings.predictor.value_features(seen) if view.features else None
            frame = FrameResult(
                one.header, one.rgb, prediction, settings.label_space, one.camera, settings.options
            )
            if wants_ground({topic.name for topic in settings.topics}, settings.options):
                up = None if settings.level is None else settings.level.up(one.header)
                up = up or Up.of_mounting(settings.mounting)
                frame.ground = look_at_ground(self._ground, frame, up)
            if features is not None:
                pose = self._pose(one)
                frame.objects = look_at_objects(self._objects, frame, features, pose)
                if settings.memory is not None:
                    settings.memory.see(self._reader, frame, pose)
            yield one.stamp_ns, frame

    def _metric(self, prediction: Prediction, one: BagImage) -> Prediction:
        if prediction.depth_m is None:
            return prediction
        settings = self._settings
        model = settings.predictor.description
        camera, mounting = one.camera, settings.mounting
        upright = None if camera is None else upright_intrinsics(camera.intrinsics, mounting)
        scale = settings.scale.scale(upright, model.focal_ratio)
        wanted: ScaleSource = settings.scale.source
        if settings.sensor is not None:
            view = View(one.header, camera, settings.holding_frame)
            frame = PredictedFrame(view, one.rgb, prediction.depth_m)
            scale = settings.sensor.scale(frame, stamp_of(one.header), scale)
            wanted = "sensor"
        prediction = prediction_in_metres(prediction, scale, model.max_depth_m)
        if settings.holding.anything:
            prediction = self._stream.update(prediction, self._place(one), settings.holding)
        self.scale_status = DepthScaleStatus.of(scale, wanted, model, self._stream.last)
        return prediction

    def _place(self, one: BagImage) -> PlacedImage:
        at_ns = stamp_of(one.header)
        image = PlacedImage(one.rgb, at_ns, None if one.camera is None else one.camera.lens)
        pose = self._pose(one)
        if pose is None:
            return image
        return image._replace(world_from_camera=pose.matrix, world_id=pose.frame_id)

    def _pose(self, one: BagImage) -> CameraPose | None:
        """The pose of its camera by the bag's transforms."""
        world = self._settings.holding_frame
        if not world:
            return None
        if self._poses is None:
            self._poses = CameraPoses(self._reader, one.header.frame_id, world)
        pose = self._poses.at(stamp_of(one.header))
        return None if pose is None else CameraPose(world, pose)
