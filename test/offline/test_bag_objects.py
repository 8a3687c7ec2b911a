# SPDX-License-Identifier: Apache-2.0
"""A bag's things have ids as the node gives them, however large the batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tips_ros.bags import BagReader, BagWriter, find_camera
from tips_ros.messages.conversions import image_message
from tips_ros.messages.outputs import TOPICS
from tips_ros.offline.bag_annotation import BagAnnotator, bag_types
from tips_ros.perception.image_request import ImageRequest
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.objects.objects import Objects
from tips_ros.perception.objects.settings import ObjectSettings
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.predictor import Predictor

NAMES = ("objects/tracked", "objects/ids", "objects/markers")
EVERY_NS = 100_000_000
SETTINGS = ObjectSettings(birth_hits=2, min_size=0.0)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(precision="fp32", input_size=(112, 112))


def picture(number: int) -> np.ndarray:
    shown = np.random.default_rng(1).integers(0, 240, (6, 8, 3)).repeat(10, 0).repeat(10, 1)
    return np.clip(shown.astype(int) + 4 * (number % 3), 0, 255).astype(np.uint8)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    with BagWriter(tmp_path / "in") as writer:
        types = bag_types(writer)
        writer.add_topic("/image", "sensor_msgs/msg/Image")
        for number in range(5):
            at_ns = number * EVERY_NS
            stamp = types.message("builtin_interfaces/msg/Time")(sec=0, nanosec=at_ns)
            header = types.message("std_msgs/msg/Header")(stamp=stamp, frame_id="camera")
            writer.write("/image", at_ns, image_message(types, header, picture(number), "rgb8"))
    return tmp_path / "in"


@pytest.mark.parametrize("batch", [1, 3])
def test_it_says_what_the_same_frames_say_one_by_one(
    predictor: Predictor, bag: Path, tmp_path: Path, batch: int
):
    topics = [topic for topic in TOPICS if topic.name in NAMES]
    label_space = predictor.model_label_space
    annotator = BagAnnotator(predictor, topics, label_space, batch=batch)
    annotator.options = annotator.options._replace(
        objects=SETTINGS, objects_stuff=["no such class"]
    )
    with BagReader(bag) as reader:
        camera = find_camera(reader, None)
        with BagWriter(tmp_path / "out", typestore=reader.typestore) as writer:
            result = annotator.annotate(reader, camera, writer)
    assert result.written == dict.fromkeys(NAMES, 5)

    said: dict[str, list] = {f"/tips/{name}": [] for name in NAMES}
    with BagReader(tmp_path / "out") as reader:
        for message in reader.messages(list(said)):
            said[message.topic].append(reader.deserialize(message))
    objects, most = Objects(), 0
    for number, (things, ids, markers) in enumerate(zip(*said.values(), strict=True)):
        request = ImageRequest(
            picture(number), ("depth", "stddev"), label_spaces=[label_space], features=True
        )
        (seen,) = predictor.encode_batch([request])
        alone = predictor.decode(seen, label_space)
        view = objects.look(
            PosedFrame(
                number * EVERY_NS, depth_m=alone.depth_m, stddev_m=alone.stddev_m,
                labels=alone.labels, confidence=alone.confidence,
                value_features=predictor.value_features(seen),
            ),
            label_space.classes, rgb=picture(number), stuff=["no such class"], settings=SETTINGS,
        )  # fmt: skip
        assert [one.id for one in things.objects] == [one.id for one in view.objects]
        shown = np.frombuffer(ids.data, np.uint16).reshape(60, 80)
        assert np.mean(shown != view.id_map()) < 0.01
        assert len(markers.markers) == 1, "no box without a calibration"
        most = max(most, len(things.objects))
    assert most >= 1
