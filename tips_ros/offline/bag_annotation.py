# SPDX-License-Identifier: Apache-2.0
"""Runs the predictor over a bag and writes the results beside the original topics."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagMessage, BagReader, BagWriter, CameraTopics
from tips_ros.messages.conversions import class_map_message
from tips_ros.messages.conversions import stamp_ns as stamp_of
from tips_ros.messages.depth_info import DepthScaleStatus, depth_info_message
from tips_ros.messages.frame_result import CameraPose, FrameResult, OutputOptions
from tips_ros.messages.ground import level_frame_message, look_at_ground, wants_ground
from tips_ros.messages.objects.objects import look_at_objects
from tips_ros.messages.outputs import TRACKED, OutputTopic, view_for
from tips_ros.messages.sensor_comparison import PredictedFrame
from tips_ros.messages.sensor_view import View
from tips_ros.messages.types import CLASS_MAP, DEPTH_INFO, TF, MessageFactory
from tips_ros.offline.bag_memory import BagMemory
from tips_ros.offline.bag_sensor import BagSensor
from tips_ros.offline.bag_types import bag_types
from tips_ros.offline.camera_poses import CameraPoses
from tips_ros.offline.readable import first_readable, read_if_whole
from tips_ros.offline.topic_copy import copy_topics
from tips_ros.perception.camera.camera_info import UncalibratedCamera
from tips_ros.perception.camera.mounting import MountingRotation, upright_intrinsics
from tips_ros.perception.camera.output_camera import OutputCamera, output_camera
from tips_ros.perception.depth.depth_scale import ScaleChoice, ScaleSource
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.ground import Ground
from tips_ros.perception.image_request import scaled_size
from tips_ros.perception.images.decoder import ImageDecoder
from tips_ros.perception.objects.objects import Objects
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.perception.temporal.stream import Holding, PlacedImage, SteadyStream

logger = logging.getLogger(__name__)

_SCAN, _TF = "scan", "/tf"  # the scan is in a frame of its own, which tf tells


@dataclass
class Annotation:
    """Result of annotating a bag; `scale` is that of its last depth, None without any."""

    images: int = 0
    annotated: int = 0
    written: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)  # one-line message → how often
    scale: DepthScaleStatus | None = None

    def problem(self, message: str) -> None:
        """Counts a problem; it is logged the first time."""
        if message not in self.problems:
            logger.warning("%s", message)
        self.problems[message] = self.problems.get(message, 0) + 1


class _Waiting(NamedTuple):
    """A decoded image whose batch is not full yet."""

    stamp_ns: int  # of the bag
    header: Any
    rgb: NDArray[np.uint8]
    camera: OutputCamera | None


@dataclass
class BagAnnotator:
    """Writes every message of a bag again, and after each image what the model sees in it.

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
    memory: BagMemory | None = None
    _stream: SteadyStream = field(default_factory=SteadyStream, init=False, repr=False)
    _reader: BagReader | None = field(default=None, init=False, repr=False)
    _poses: CameraPoses | None = field(default=None, init=False, repr=False)

    def annotate(
        self,
        reader: BagReader,
        camera: CameraTopics,
        writer: BagWriter,
        progress: Callable[[], None] = lambda: None,
    ) -> Annotation:
        """Copies `reader` to `writer` with the results; memory does not grow with the bag.

        An image that can't be read costs one warning and no output; the others go on.
        `progress` is called once for each image that is done with.

        Raises:
            BagError: the bag can't be read or written.
        """
        types = bag_types(writer)
        copied = copy_topics(reader, writer)
        for output in self.topics:
            writer.add_topic(self._name(output), output.type)
        if _SCAN in (output.name for output in self.topics) and _TF not in copied:
            writer.add_topic(_TF, TF)
        classes_topic = f"{self.namespace}/semantic/classes"
        writer.add_topic(classes_topic, CLASS_MAP, latched=True)
        info_topic = f"{self.namespace}/depth/info"
        used = {name for output in self.topics for name in output.uses}
        tells_scale = "depth" in used & set(self.predictor.outputs)
        if tells_scale:
            writer.add_topic(info_topic, DEPTH_INFO, latched=True)

        result = Annotation()
        self._stream.reset()
        self._reader, self._poses = reader, None
        info = first_readable(reader, camera.camera_info)
        decoder = ImageDecoder(camera.image)
        waiting: list[_Waiting] = []
        ground, objects = Ground(), Objects()
        told: DepthScaleStatus | None = None

        def flush() -> None:
            nonlocal told
            for stamp_ns, frame in self._run_model(waiting, result, ground, objects):
                if result.annotated == 0:
                    writer.write(classes_topic, stamp_ns, self._class_map(types, frame))
                live = result.scale
                if tells_scale and live is not None and live.differs_from(told):
                    told, scale_info = live, depth_info_message(types, frame.header, live)
                    writer.write(info_topic, stamp_ns, scale_info)
                self._write(types, writer, stamp_ns, frame, result)
                progress()
            waiting.clear()

        for message in reader.messages():
            if message.topic in copied:
                writer.write(message.topic, message.stamp_ns, message.data)
            if message.topic == camera.camera_info:
                info = _readable(reader, message, result) or info
            elif message.topic == camera.image:
                read = list(self._decode(reader, decoder, message, info, result))
                waiting += read
                if not read:
                    progress()
                elif len(waiting) == self.batch:
                    flush()
        flush()
        return result

    def _name(self, output: OutputTopic) -> str:
        return f"{self.namespace}/{output.name}"

    def _decode(
        self,
        reader: BagReader,
        decoder: ImageDecoder,
        message: BagMessage,
        info: Any,
        result: Annotation,
    ) -> Iterator[_Waiting]:
        """The image with its camera; nothing, and a problem counted, for one that can't be read."""
        result.images += 1
        if (image := _readable(reader, message, result)) is None:
            return
        try:
            rgb = decoder.decode(image)
        except ValueError as error:
            result.problem(f"{message.topic}: {error}")
            return
        camera = self._camera_of(info, rgb, result)
        yield _Waiting(message.stamp_ns, image.header, rgb, camera)

    def _run_model(
        self, waiting: Sequence[_Waiting], result: Annotation, ground: Ground, objects: Objects
    ) -> Iterator[tuple[int, FrameResult]]:
        """Runs the model once for all; the bag's stamp and the frame of each."""
        views = [
            view_for(
                [*self.topics, *([TRACKED] if self.memory else [])],
                self.predictor,
                one.rgb,
                one.camera is not None,
                self.options.scale,
                self.label_space,
                self.mounting,
            )
            for one in waiting
        ]
        wanted = [view for view in views if view is not None]
        encoded = iter(self.predictor.encode_batch(wanted) if wanted else ())
        for one, view in zip(waiting, views, strict=True):
            prediction, features = Prediction(), None
            if view is not None:
                seen = next(encoded)
                prediction = self.predictor.decode(seen, *view.label_spaces)
                prediction = self._metric(prediction, one, result)
                features = self.predictor.value_features(seen) if view.features else None
            frame = FrameResult(
                one.header, one.rgb, prediction, self.label_space, one.camera, self.options
            )
            if wants_ground({topic.name for topic in self.topics}, self.options):
                frame.ground = look_at_ground(ground, frame, Up.of_mounting(self.mounting))
            if features is not None:
                pose = self._pose(one)
                frame.objects = look_at_objects(objects, frame, features, pose)
                if self.memory is not None and self._reader is not None:
                    self.memory.see(self._reader, frame, pose)
            yield one.stamp_ns, frame

    def _metric(self, prediction: Prediction, one: _Waiting, result: Annotation) -> Prediction:
        if prediction.depth_m is None:
            return prediction
        model = self.predictor.description
        camera = one.camera
        upright = None if camera is None else upright_intrinsics(camera.intrinsics, self.mounting)
        scale = self.scale.scale(upright, model.focal_ratio)
        wanted: ScaleSource = self.scale.source
        if self.sensor is not None:
            view = View(one.header, camera, self.holding_frame)
            frame = PredictedFrame(view, one.rgb, prediction.depth_m)
            scale = self.sensor.scale(frame, stamp_of(one.header), scale)
            wanted = "sensor"
        prediction = prediction.to_metres(scale, model.max_depth_m)
        if self.holding.anything:
            prediction = self._stream.update(prediction, self._place(one), self.holding)
        result.scale = DepthScaleStatus.of(scale, wanted, model, self._stream.last)
        return prediction

    def _place(self, one: _Waiting) -> PlacedImage:
        at_ns = stamp_of(one.header)
        image = PlacedImage(one.rgb, at_ns, None if one.camera is None else one.camera.lens)
        pose = self._pose(one)
        if pose is None:
            return image
        return image._replace(world_from_camera=pose.matrix, world_id=pose.frame_id)

    def _pose(self, one: _Waiting) -> CameraPose | None:
        """The pose of its camera by the bag's transforms."""
        if not self.holding_frame:
            return None
        if self._poses is None:
            assert self._reader is not None
            self._poses = CameraPoses(self._reader, one.header.frame_id, self.holding_frame)
        pose = self._poses.at(stamp_of(one.header))
        return None if pose is None else CameraPose(self.holding_frame, pose)

    def _camera_of(
        self, info: Any, rgb: NDArray[np.uint8], result: Annotation
    ) -> OutputCamera | None:
        if info is None:
            result.problem("no CameraInfo for this camera: no points, no depth/camera_info")
            return None
        height, width = rgb.shape[:2]
        size = scaled_size(height, width, self.options.scale)
        try:
            return output_camera(info, (height, width), size, self.options.rectified)
        except UncalibratedCamera as error:
            result.problem(f"no points: {error}")
            return None

    def _class_map(self, types: MessageFactory, frame: FrameResult) -> Any:
        description = self.predictor.description
        return class_map_message(
            types, frame.header, frame.label_space, description.name, description.trained
        )

    def _write(
        self,
        types: MessageFactory,
        writer: BagWriter,
        stamp_ns: int,
        frame: FrameResult,
        result: Annotation,
    ) -> None:
        plane = None if frame.ground is None else frame.ground.floor.plane
        for topic in self.topics:
            if topic.name == _SCAN and plane is not None:
                writer.write(_TF, stamp_ns, level_frame_message(types, frame.header, plane))
            made = topic.make(types, frame)
            if made is not None:
                writer.write(self._name(topic), stamp_ns, made)
                result.written[topic.name] = result.written.get(topic.name, 0) + 1
        result.annotated += 1


def _readable(reader: BagReader, message: BagMessage, result: Annotation) -> Any:
    """The message; None, and a problem counted, where its bytes are not of its type."""
    if (read := read_if_whole(reader, message)) is None:
        result.problem(f"{message.topic}: a message whose bytes are no {message.type}")
    return read
