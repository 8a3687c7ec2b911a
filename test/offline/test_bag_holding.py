# SPDX-License-Identifier: Apache-2.0
"""A bag's depth is held still as the node holds it: frame by frame, however large the batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tips_ros.bags import BagReader, BagWriter, find_camera
from tips_ros.messages.conversions import image_message
from tips_ros.messages.outputs import TOPICS
from tips_ros.offline.bag_annotation import BagAnnotator, bag_types
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.temporal.stream import Holding, PlacedImage, SteadyStream

OUTPUTS = [topic for topic in TOPICS if topic.name in ("depth/image", "semantic/image")]
EVERY_NS = 100_000_000
FULL = Holding("full", labels=True)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(precision="fp32", input_size=(56, 56))


def picture(number: int) -> np.ndarray:
    shown = np.random.default_rng(1).integers(0, 240, (60, 80, 3)).astype(int)
    return np.clip(shown + 4 * (number % 3), 0, 255).astype(np.uint8)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    with BagWriter(tmp_path / "in") as writer:
        types = bag_types(writer)
        writer.add_topic("/image", "sensor_msgs/msg/Image")
        for number in range(6):
            at_ns = number * EVERY_NS
            stamp = types.message("builtin_interfaces/msg/Time")(sec=0, nanosec=at_ns)
            header = types.message("std_msgs/msg/Header")(stamp=stamp, frame_id="camera")
            writer.write("/image", at_ns, image_message(types, header, picture(number), "rgb8"))
    return tmp_path / "in"


def annotated(predictor: Predictor, bag: Path, out: Path, batch: int, holding: Holding):
    """Depths and masks in their order, and the last DepthInfo."""
    annotator = BagAnnotator(
        predictor, OUTPUTS, predictor.model_label_space, batch=batch, holding=holding
    )
    with BagReader(bag) as reader:
        camera = find_camera(reader, None)
        with BagWriter(out, typestore=reader.typestore) as writer:
            annotator.annotate(reader, camera, writer)
    said: dict[str, list] = {"/tips/depth/image": [], "/tips/semantic/image": []}
    info = None
    with BagReader(out) as reader:
        for message in reader.messages([*said, "/tips/depth/info"]):
            read = reader.deserialize(message)
            if message.topic in said:
                kind = np.float32 if read.encoding == "32FC1" else np.uint8
                said[message.topic].append(np.frombuffer(read.data, kind).reshape(60, 80))
            else:
                info = read
    return *said.values(), info


@pytest.mark.parametrize("batch", [1, 4])
def test_it_says_what_a_stream_of_the_same_frames_says(
    predictor: Predictor, bag: Path, tmp_path: Path, batch: int
):
    depths, masks, info = annotated(predictor, bag, tmp_path / "out", batch, FULL)
    stream = SteadyStream()
    for number, (depth, mask) in enumerate(zip(depths, masks, strict=True)):
        alone = predictor.predict(picture(number), ["depth", "semantic"])
        held = stream.update(alone, PlacedImage(picture(number), number * EVERY_NS), FULL)
        np.testing.assert_allclose(depth, held.depth_m, rtol=1e-4)
        assert np.mean(mask != held.labels) < 0.002
        assert number == 0 or not np.allclose(depth, alone.depth_m, rtol=1e-5)
    assert info.temporal_mode == "full" and info.temporal_resets == 0


def test_off_it_is_what_the_network_says(predictor: Predictor, bag: Path, tmp_path: Path):
    depths, _, info = annotated(predictor, bag, tmp_path / "out", 2, Holding())
    for number, depth in enumerate(depths):
        alone = predictor.predict(picture(number), ["depth"]).depth_m
        np.testing.assert_allclose(depth, alone, rtol=1e-4)
    assert info.temporal_mode == "off"


def test_a_second_bag_begins_anew(predictor: Predictor, bag: Path, tmp_path: Path):
    annotator = BagAnnotator(predictor, OUTPUTS, predictor.model_label_space, holding=FULL)
    runs = []
    for name in ("one", "two"):
        with BagReader(bag) as reader:
            camera = find_camera(reader, None)
            with BagWriter(tmp_path / name, typestore=reader.typestore) as writer:
                annotator.annotate(reader, camera, writer)
        with BagReader(tmp_path / name) as reader:
            messages = reader.messages(["/tips/depth/image"])
            runs.append([bytes(reader.deserialize(m).data) for m in messages])
    assert runs[0] == runs[1]
