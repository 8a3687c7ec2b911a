# SPDX-License-Identifier: Apache-2.0
"""Runs the predictor over a bag and writes the results beside the original topics."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagMessage, BagReader, BagWriter, CameraTopics
from tips_ros.perception.camera.camera_info import UncalibratedCamera
from tips_ros.perception.camera.seen_camera import SeenCamera, seen_camera
from tips_ros.perception.depth.metric_depth import in_metres
from tips_ros.perception.depth.scale_choice import ScaleChoice
from tips_ros.perception.image_encodings import decode_message
from tips_ros.perception.predictor import Prediction, Predictor, scaled_size
from tips_ros.perception.semantic.labelling import Labelling
from tips_ros.ros.conversions import class_map_message
from tips_ros.ros.depth_info import LiveScale, depth_info_message
from tips_ros.ros.frame import Frame, OutputOptions
from tips_ros.ros.message_types import CLASS_MAP, DEPTH_INFO, Bulky, MessageTypes
from tips_ros.ros.outputs import OutputTopic, predict_for

logger = logging.getLogger(__name__)


@dataclass
class Annotation:
    """What came of a bag; `scale` is that of the last depth in it, None without any."""

    images: int = 0
    annotated: int = 0
    written: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)  # one-line message → how often
    scale: LiveScale | None = None

    def problem(self, message: str) -> None:
        """Counts a problem; it is logged the first time."""
        if message not in self.problems:
            logger.warning("%s", message)
        self.problems[message] = self.problems.get(message, 0) + 1


@dataclass
class BagAnnotator:
    """Writes every message of a bag again, and after each image what the model sees in it.

    Attributes:
        predictor: the model.
        topics: the outputs to write.
        labelling: the classes of the labels.
        namespace: put before the output topics' names.
        options: of the outputs, as the node has them.
        scale: what brings depth to metres.
    """

    predictor: Predictor
    topics: Sequence[OutputTopic]
    labelling: Labelling
    namespace: str = "/tips"
    options: OutputOptions = field(default_factory=OutputOptions)
    scale: ScaleChoice = ScaleChoice()

    def annotate(
        self,
        reader: BagReader,
        camera: CameraTopics,
        writer: BagWriter,
        progress: Callable[[], None] = lambda: None,
    ) -> Annotation:
        """Copies `reader` to `writer` with the results; memory does not grow with the bag.

        An image that can't be read costs one warning and no output; the others go on.

        Raises:
            BagError: the bag can't be read or written.
        """
        types = bag_types(writer)
        for topic in reader.topics.values():
            writer.add_topic(topic.name, topic.type, latched=topic.latched)
        for output in self.topics:
            writer.add_topic(self._name(output), output.type)
        classes_topic = f"{self.namespace}/semantic/classes"
        writer.add_topic(classes_topic, CLASS_MAP, latched=True)
        info_topic = f"{self.namespace}/depth/info"
        if any("depth" in output.needs for output in self.topics):
            writer.add_topic(info_topic, DEPTH_INFO, latched=True)

        result = Annotation()
        told: LiveScale | None = None
        info = _first(reader, camera.camera_info)
        for message in reader.messages():
            writer.write(message.topic, message.stamp_ns, message.data)
            if message.topic == camera.camera_info:
                info = reader.deserialize(message)
            elif message.topic == camera.image:
                frame = self._frame(reader, message, info, result)
                if frame is not None:
                    if result.annotated == 0:
                        announced = self._class_map(types, frame)
                        writer.write(classes_topic, message.stamp_ns, announced)
                    live = result.scale
                    if live is not None and live.is_news_after(told):
                        told, scale_info = live, depth_info_message(types, frame.header, live)
                        writer.write(info_topic, message.stamp_ns, scale_info)
                    self._write(types, writer, message.stamp_ns, frame, result)
            progress()
        return result

    def _name(self, output: OutputTopic) -> str:
        return f"{self.namespace}/{output.name}"

    def _frame(
        self, reader: BagReader, message: BagMessage, info: Any, result: Annotation
    ) -> Frame | None:
        result.images += 1
        image = reader.deserialize(message)
        try:
            rgb = decode_message(image)
        except ValueError as error:
            result.problem(f"{message.topic}: {error}")
            return None
        camera = self._camera_of(info, rgb, result)
        scale = self.options.scale
        known = camera is not None
        prediction = predict_for(self.topics, self.predictor, rgb, known, scale, self.labelling)
        prediction = self._metric(prediction, camera, result)
        return Frame(image.header, rgb, prediction, self.labelling, camera, self.options)

    def _metric(
        self, prediction: Prediction, camera: SeenCamera | None, result: Annotation
    ) -> Prediction:
        if prediction.depth_m is None:
            return prediction
        model = self.predictor.description
        upright = None if camera is None else camera.intrinsics
        scale = self.scale.scale(upright, model.focal_ratio)
        result.scale = LiveScale.of(scale, self.scale.source, model)
        depth_m = in_metres(prediction.depth_m, scale, model.max_depth_m)
        return prediction._replace(depth_m=depth_m)

    def _camera_of(
        self, info: Any, rgb: NDArray[np.uint8], result: Annotation
    ) -> SeenCamera | None:
        if info is None:
            result.problem("no CameraInfo for this camera: no points, no depth/camera_info")
            return None
        height, width = rgb.shape[:2]
        size = scaled_size(height, width, self.options.scale)
        try:
            return seen_camera(info, (height, width), size, self.options.rectified)
        except UncalibratedCamera as error:
            result.problem(f"no points: {error}")
            return None

    def _class_map(self, types: MessageTypes, frame: Frame) -> Any:
        description = self.predictor.description
        return class_map_message(
            types, frame.header, frame.labelling, description.name, description.trained
        )

    def _write(
        self,
        types: MessageTypes,
        writer: BagWriter,
        stamp_ns: int,
        frame: Frame,
        result: Annotation,
    ) -> None:
        for topic in self.topics:
            made = topic.make(types, frame)
            if made is not None:
                writer.write(self._name(topic), stamp_ns, made)
                result.written[topic.name] = result.written.get(topic.name, 0) + 1
        result.annotated += 1


def bag_types(writer: BagWriter) -> MessageTypes:
    """The message classes of a bag."""

    def bulky(name: str, count: int, fields: dict[str, Any]) -> Bulky:
        data = np.empty(count, np.uint8)
        return Bulky(writer.typestore.types[name](data=data, **fields), data)

    return MessageTypes(
        message=writer.typestore.types.__getitem__,
        numbers=lambda values: np.array(values, np.float64),
        octets=lambda values: values,
        bulky=bulky,
        once=bulky,
    )


def _first(reader: BagReader, topic: str | None) -> Any:
    """The topic's first message, so that images before it have one, too; None without any."""
    for message in reader.messages([topic]) if topic else ():
        return reader.deserialize(message)
    return None
