# SPDX-License-Identifier: Apache-2.0
"""A recording as the demonstration makes it, with made-up answers."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import numpy as np

from tips_ros.bags import BagWriter
from tips_ros.demo.recorded_answers import CLASSES, DEPTH, LABELS
from tips_ros.messages.conversions import class_map_message, image_message
from tips_ros.messages.types import CLASS_MAP, IMAGE
from tips_ros.offline.bag_types import bag_types
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.semantic.label_space import model_label_space

from .test_accuracy import header_maker

IMAGES = "/camera/image_raw"
STEP_NS = 100_000_000
SIZE = 96, 128


def write_recording(path: Path, frames: int, answered: Container[int] | None = None) -> None:
    """Images at 10 Hz, and answers: depth that packs badly, labels that pack well."""
    rng = np.random.default_rng(3)
    with BagWriter(path) as writer:
        types, header = bag_types(writer), header_maker(writer)
        for topic in (IMAGES, DEPTH, LABELS):
            writer.add_topic(topic, IMAGE)
        writer.add_topic(CLASSES, CLASS_MAP, latched=True)
        classes = model_label_space(ClassList(("wall", "floor"), (0, 3)))
        writer.write(CLASSES, 0, class_map_message(types, header(0), classes, "demo", True))
        for index in range(frames):
            stamp_ns = index * STEP_NS
            frame = {IMAGES: (np.full((*SIZE, 3), 25 * index % 256, np.uint8), "rgb8")}
            if answered is None or index in answered:
                frame[DEPTH] = rng.uniform(1, 5, SIZE).astype(np.float32), "32FC1"
                frame[LABELS] = np.zeros(SIZE, np.uint8), "mono8"
            for late_ns, (topic, (array, encoding)) in enumerate(frame.items()):
                message = image_message(types, header(stamp_ns), array, encoding)
                writer.write(topic, stamp_ns + late_ns, message)
