# SPDX-License-Identifier: Apache-2.0
"""Bags of a camera that drives forward, and the truth about its images."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tips_ros.bags import BagWriter
from tips_ros.evaluation.sample import Sample
from tips_ros.messages.conversions import image_message
from tips_ros.offline.bag_types import bag_types
from tips_ros.offline.truth.truth_messages import TruthWriter
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.classes.class_list import ClassList
from training.scenes.camera.camera_messages import CameraMessages

SECOND = 10**9
FRAME = "camera_optical"
CLASSES = ClassList(("wall", "floor", "ball"), (0, 3, 119))
CAMERA = Intrinsics(20.0, 20.0, 15.5, 11.5, 32, 24)


def truth(number: int) -> Sample:
    """Of image `number`, which is taken at that second; the camera is then at x = number."""
    random = np.random.default_rng(number)
    shape = (CAMERA.height, CAMERA.width)
    normals = np.zeros((*shape, 3), np.float32)
    normals[..., 2] = -1
    pose = np.eye(4)
    pose[0, 3] = number
    return Sample(
        f"{number}.000000000",
        random.integers(0, 256, (*shape, 3)).astype(np.uint8),
        (random.integers(500, 9000, shape) / 1000).astype(np.float32),
        normals,
        random.choice(np.array([*CLASSES.ids, 255], np.uint8), shape),
        CAMERA,
        world_from_camera=pose,
    )


@pytest.fixture(name="truth")
def _truth() -> Callable[[int], Sample]:
    return truth


@pytest.fixture
def header() -> Callable[..., Any]:
    """header(bag, stamp_ns): a std_msgs/Header of the camera."""

    def make(bag: BagWriter, stamp_ns: int) -> Any:
        types = bag.typestore.types
        stamp = types["builtin_interfaces/msg/Time"](*divmod(stamp_ns, SECOND))
        return types["std_msgs/msg/Header"](stamp, FRAME)

    return make


@pytest.fixture
def record(tmp_path: Path, header: Callable[..., Any]) -> Callable[..., tuple[Path, Path]]:
    """record(…): the bag with the images and the one with their truth; the same, if `together`."""

    def write(
        images: Iterable[int] = (1, 2, 3),
        truths: Iterable[int] = (1, 2, 3),
        *,
        together: bool = False,
        classes: ClassList | None = CLASSES,
        truth_is_late_ns: int = 0,
    ) -> tuple[Path, Path]:
        pictures = tmp_path / "drive"
        measured = pictures if together else tmp_path / "truth"
        with ExitStack() as stack:
            bag = stack.enter_context(BagWriter(pictures))
            other = bag if together else stack.enter_context(BagWriter(measured))
            camera(bag, images, header)
            writer = TruthWriter(other, FRAME, classes)
            for number in truths:
                sample = truth(number) if classes else truth(number)._replace(labels=None)
                writer.write(number * SECOND + truth_is_late_ns, sample)
        return pictures, measured

    return write


def camera(bag: BagWriter, numbers: Iterable[int], header: Callable[..., Any]) -> None:
    """Images with a CameraInfo beside them and the camera's pose in the world."""
    types = bag_types(bag)
    messages = CameraMessages(bag.typestore.types, FRAME)
    bag.add_topic("/camera/image_raw", "sensor_msgs/msg/Image")
    bag.add_topic("/camera/camera_info", "sensor_msgs/msg/CameraInfo")
    bag.add_topic("/tf", "tf2_msgs/msg/TFMessage")
    for number in numbers:
        stamp_ns = number * SECOND
        image = image_message(types, header(bag, stamp_ns), truth(number).rgb, "rgb8")
        pose = truth(number).world_from_camera
        bag.write("/camera/image_raw", stamp_ns, image)
        bag.write("/camera/camera_info", stamp_ns, messages.camera_info(stamp_ns, CAMERA))
        bag.write("/tf", stamp_ns, messages.transform(stamp_ns, "world", FRAME, pose))


@pytest.fixture(name="camera")
def _camera(header: Callable[..., Any]) -> Callable[..., None]:
    """camera(bag, numbers): writes a camera's topics."""
    return lambda bag, numbers: camera(bag, numbers, header)


@pytest.fixture
def opened() -> Any:
    """opened(drive, truth): a context manager that gives the dataset."""
    from tips_ros.bags import BagReader
    from tips_ros.offline.truth.bag_truth import BagTruth

    @contextmanager
    def open_both(drive: Path, measured: Path | None = None, **options: Any) -> Any:
        with ExitStack() as stack:
            images = stack.enter_context(BagReader(drive))
            other = stack.enter_context(BagReader(measured)) if measured else None
            yield BagTruth(images, other, **options)

    return open_both
