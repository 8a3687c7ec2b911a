# SPDX-License-Identifier: Apache-2.0
"""The truth about a camera's images, as messages for a bag; small, because they hold PNG files."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from tips_ros.bags import BagWriter
from tips_ros.evaluation.datasets import truth_png
from tips_ros.evaluation.sample import Sample
from tips_ros.messages.conversions import class_map_message
from tips_ros.messages.types import CLASS_MAP
from tips_ros.offline.bag_types import bag_types
from tips_ros.offline.truth.truth_topics import CLASSES, COMPRESSED, TOPIC_OF
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.semantic.label_space import model_label_space

_IMAGE = "sensor_msgs/msg/CompressedImage"


class TruthWriter:
    """Writes truth into an open bag, on the topics of `truth_topics`."""

    def __init__(
        self,
        bag: BagWriter,
        frame_id: str,
        classes: ClassList | None = None,
        normal_bits: Literal[8, 16] = 16,
    ) -> None:
        """Declare the topics.

        Args:
            bag: that of the images, or one of its own.
            frame_id: the optical frame of the camera.
            classes: what the labels mean; None where there are none.
            normal_bits: 8 makes a bag about half as large, its normals a quarter of a degree off.
        """
        self._bag = bag
        self._types = bag_types(bag)
        self._frame_id = frame_id
        self._classes = classes
        self._normal_bits = normal_bits
        self._classes_are_told = False
        for kind, topic in TOPIC_OF.items():
            if kind != "labels" or classes is not None:
                bag.add_topic(topic + COMPRESSED, _IMAGE)
        if classes is not None:
            bag.add_topic(CLASSES, CLASS_MAP, latched=True)

    def write(self, stamp_ns: int, sample: Sample) -> None:
        """Writes the truth about the image with this stamp; depth in whole millimetres."""
        header = self._header(stamp_ns)
        if self._classes is not None and not self._classes_are_told:
            label_space = model_label_space(self._classes)
            announced = class_map_message(self._types, header, label_space, "ground truth", True)
            self._bag.write(CLASSES, stamp_ns, announced)
            self._classes_are_told = True
        pngs = {}
        if sample.depth_m is not None:
            pngs[TOPIC_OF["depth"]] = truth_png.encode_depth(sample.depth_m)
        if sample.normals is not None:
            pngs[TOPIC_OF["normals"]] = truth_png.encode_normals(sample.normals, self._normal_bits)
        if sample.labels is not None:
            pngs[TOPIC_OF["labels"]] = truth_png.encode_labels(sample.labels)
        for topic, png in pngs.items():
            data = np.frombuffer(png, np.uint8)
            message = self._types.message(_IMAGE)(header, "png", data)
            self._bag.write(topic + COMPRESSED, stamp_ns, message)

    def _header(self, stamp_ns: int) -> Any:
        stamp = self._types.message("builtin_interfaces/msg/Time")(*divmod(stamp_ns, 10**9))
        return self._types.message("std_msgs/msg/Header")(stamp, self._frame_id)
