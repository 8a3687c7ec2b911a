# SPDX-License-Identifier: Apache-2.0
"""Runs the predictor over a bag and writes the results beside the original topics."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.bags import BagMessage, BagReader, BagWriter, CameraTopics
from tips_ros.messages.conversions import class_map_message
from tips_ros.messages.depth_info import DepthScaleStatus, depth_info_message
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.ground import level_frame_message
from tips_ros.messages.outputs import OutputTopic
from tips_ros.messages.types import CLASS_MAP, DEPTH_INFO, TF, MessageFactory
from tips_ros.offline.bag_types import bag_types
from tips_ros.offline.camera_frames import AnnotationSettings, BagImage, CameraFrames
from tips_ros.offline.readable import first_readable, read_if_whole
from tips_ros.offline.topic_copy import copy_topics
from tips_ros.perception.camera.camera_info import UncalibratedCamera
from tips_ros.perception.camera.output_camera import OutputCamera, output_camera
from tips_ros.perception.image_request import scaled_size
from tips_ros.perception.images.decoder import ImageDecoder

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


@dataclass
class BagAnnotator(AnnotationSettings):
    """Writes every message of a bag again, and after each image what the model sees in it."""

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
        frames = CameraFrames(self, reader)
        info = first_readable(reader, camera.camera_info)
        decoder = ImageDecoder(camera.image)
        waiting: list[BagImage] = []
        told: DepthScaleStatus | None = None

        def flush() -> None:
            nonlocal told
            for stamp_ns, frame in frames.process(waiting):
                live = result.scale = frames.scale_status
                if result.annotated == 0:
                    writer.write(classes_topic, stamp_ns, self._class_map(types, frame))
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
    ) -> Iterator[BagImage]:
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
        yield BagImage(message.stamp_ns, image.header, rgb, camera)

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
