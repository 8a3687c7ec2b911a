# SPDX-License-Identifier: Apache-2.0
"""Images of a bag that go through the network together, or turned, are answered like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tips_ros.bags import BagReader, BagWriter, find_camera
from tips_ros.messages.conversions import image_message
from tips_ros.messages.outputs import TOPICS
from tips_ros.offline.bag_annotation import Annotation, BagAnnotator
from tips_ros.offline.bag_types import bag_types
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.predictor import Predictor

COUNT, DAMAGED = 5, 2
DEPTH = [topic for topic in TOPICS if topic.name == "depth/image"]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(precision="fp32", input_size=(56, 56))


def picture(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 255, (30, 40, 3), np.uint8)


def written(path: Path, turned: bool = False) -> Path:
    """Five images, the third of them cut short."""
    with BagWriter(path) as writer:
        types = bag_types(writer)
        writer.add_topic("/image", "sensor_msgs/msg/Image")
        for number in range(COUNT):
            stamp = types.message("builtin_interfaces/msg/Time")(sec=number, nanosec=0)
            header = types.message("std_msgs/msg/Header")(stamp=stamp, frame_id="camera")
            pixels = np.rot90(picture(number)) if turned else picture(number)
            image: Any = image_message(types, header, np.ascontiguousarray(pixels), "rgb8")
            if number == DAMAGED:
                image.data = image.data[:100]
            writer.write("/image", number * 10**9, image)
    return path


def annotated(
    predictor: Predictor, bag: Path, out: Path, **options: Any
) -> tuple[Annotation, dict[int, np.ndarray]]:
    """The outcome, and depth (H, W) by the second of its stamp."""
    annotator = BagAnnotator(predictor, DEPTH, predictor.model_label_space, **options)
    with BagReader(bag) as reader:
        camera = find_camera(reader, None)
        with BagWriter(out, typestore=reader.typestore) as writer:
            result = annotator.annotate(reader, camera, writer)
    depths = {}
    with BagReader(out) as reader:
        for message in reader.messages(["/tips/depth/image"]):
            image = reader.deserialize(message)
            assert message.stamp_ns == image.header.stamp.sec * 10**9
            pixels = np.frombuffer(image.data, np.float32).reshape(image.height, image.width)
            depths[image.header.stamp.sec] = pixels
    return result, depths


@pytest.mark.parametrize(
    ("threads", "batch", "passes"),
    [(1, 1, [1, 1, 1, 1]), (1, 3, [3, 1]), (1, 9, [4]), (2, 9, [2, 2]), (4, 9, [1, 1, 1, 1])],
)
def test_a_batch_is_one_pass_of_each_share_and_its_images_are_answered_as_alone(
    predictor: Predictor,
    tmp_path: Path,
    torch_threads: Any,
    threads: int,
    batch: int,
    passes: list[int],
):
    torch_threads(threads)
    bag = written(tmp_path / "in")
    sizes: list[int] = []
    hook = predictor.model.backbone.register_forward_pre_hook(
        lambda _, inputs: sizes.append(len(inputs[0]))
    )
    try:
        result, depths = annotated(predictor, bag, tmp_path / "out", batch=batch)
    finally:
        hook.remove()
    assert sizes == passes
    assert (result.images, result.annotated) == (COUNT, COUNT - 1)
    assert [times for problem, times in result.problems.items() if "3600" in problem] == [1]
    assert sorted(depths) == [0, 1, 3, 4]
    for number, depth in depths.items():
        alone = predictor.predict(picture(number), ["depth"]).depth_m
        np.testing.assert_allclose(depth, alone, rtol=1e-4)


def test_of_a_camera_that_is_mounted_sideways_the_answers_are_turned_back(
    predictor: Predictor, tmp_path: Path
):
    bag = written(tmp_path / "in", turned=True)
    _, depths = annotated(predictor, bag, tmp_path / "out", mounting=90)
    for number, depth in depths.items():
        upright = predictor.predict(picture(number), ["depth"]).depth_m
        assert upright is not None
        np.testing.assert_allclose(depth, np.rot90(upright), rtol=1e-4)


@pytest.mark.parametrize("batch", [1, 3, 9])
def test_each_image_is_counted_once_and_nothing_else(
    predictor: Predictor, tmp_path: Path, batch: int
):
    """A forecast goes by them: of two hundred IMU messages a second none takes any time."""
    bag = written(tmp_path / "in")
    with BagWriter(tmp_path / "more", overwrite=False) as writer:
        writer.add_topic("/image", "sensor_msgs/msg/Image")
        writer.add_topic("/said", "std_msgs/msg/String")
        said = bag_types(writer).message("std_msgs/msg/String")(data="x")
        with BagReader(bag) as reader:
            for message in reader.messages():
                writer.write("/image", message.stamp_ns, message.data)
                for more in range(3):
                    writer.write("/said", message.stamp_ns + 1 + more, said)
    annotator = BagAnnotator(predictor, DEPTH, predictor.model_label_space, batch=batch)
    done: list[int] = []
    with BagReader(tmp_path / "more") as reader:
        camera = find_camera(reader, None)
        with BagWriter(tmp_path / "out", typestore=reader.typestore) as writer:
            annotator.annotate(reader, camera, writer, progress=lambda: done.append(1))
    assert len(done) == COUNT
