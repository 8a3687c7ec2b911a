# SPDX-License-Identifier: Apache-2.0
"""Makes the sample bag: a robot's drive through a room that no model has learnt from.

    ./run exec python -m training.make_sample_bag

Writes two bags into the output folder: `drive`, what the robot's camera recorded, and
`drive_truth`, what was really there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from tips_ros.bags import BagWriter
from tips_ros.evaluation.sample import Sample
from tips_ros.offline.truth.truth_messages import TruthWriter
from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.classes.class_list import ClassList
from training.scenes.camera.camera_messages import CameraMessages
from training.scenes.camera.drive import drive
from training.scenes.camera.pose import optical_pose
from training.scenes.camera.render import RenderedFrame, Renderer
from training.scenes.camera.sensor import Sensor
from training.scenes.light.quality import FINE, Quality
from training.scenes.scene import random_scene
from training.scenes.seeds import held_out_seed
from training.scenes.things import NAMES

IMAGE_TOPIC = "/camera/image_raw/compressed"
CAMERA_INFO_TOPIC = "/camera/camera_info"
OPTICAL_FRAME = "camera_color_optical_frame"
CLASSES = ClassList(tuple(NAMES.values()), tuple(NAMES))

# The focal length per width of the Kinect that recorded NYU Depth V2, for which TIPS is metric.
_FOCAL_PER_WIDTH = 518.86 / 640
_START_NS = 1_700_000_000 * 10**9
_HEIGHT_M = 0.92
_PITCH_DEG = -6.0
_ROBOT_FROM_CAMERA = optical_pose(np.array([0.12, 0.0, _HEIGHT_M]), 0.0, _PITCH_DEG)


@dataclass(frozen=True)
class Recording:
    """Settings of a recording.

    Attributes:
        scene: seed of a held-out scene.
        way: seed of the way through it.
        seconds: how long.
        rate_hz: images in a second.
        width, height: of the images, pixels.
        jpeg_quality: of the images, 1..100.
        truth_every: each how manieth image has truth, beginning with the first.
        truth_shrink: how many times smaller than the image the truth is.
        quality: of the rendering.
        sensor: the camera's.
    """

    scene: int = 1_000_152
    way: int = 14
    seconds: float = 12.0
    rate_hz: float = 10.0
    width: int = 640
    height: int = 480
    jpeg_quality: int = 76
    truth_every: int = 4
    truth_shrink: int = 2
    quality: Quality = FINE
    sensor: Sensor = field(default_factory=lambda: Sensor(read_noise=0.001, shot_noise=0.005))

    @property
    def camera(self) -> Intrinsics:
        """Intrinsics of the images: 63 degrees wide, square pixels."""
        focal = _FOCAL_PER_WIDTH * self.width
        centre = (self.width - 1) / 2, (self.height - 1) / 2
        return Intrinsics(focal, focal, *centre, self.width, self.height)


def make_sample_bag(
    output: Path, recording: Recording, progress: Callable[[], object] = lambda: None
) -> None:
    """Renders the drive to `output`/drive and `output`/drive_truth; the same every time.

    Args:
        output: the folder of both bags; it is made.
        recording: what to record.
        progress: called after each image.

    Raises:
        BagError: there is such a bag already.
        ValueError: the scene is not held out, or has no floor that is free for a robot.
    """
    scene = random_scene(held_out_seed(recording.scene))
    rng = np.random.default_rng(recording.way)
    poses = drive(rng, scene.plan, recording.seconds, recording.rate_hz, _HEIGHT_M, _PITCH_DEG)
    renderer = Renderer(scene.things, scene.lights, recording.quality)
    camera = recording.camera
    small = camera.scaled_to(
        camera.width // recording.truth_shrink, camera.height // recording.truth_shrink
    )
    with ExitStack() as stack:
        seen = _CameraBag(stack.enter_context(BagWriter(output / "drive")), camera)
        bag = stack.enter_context(BagWriter(output / "drive_truth"))
        known = TruthWriter(bag, OPTICAL_FRAME, CLASSES, normal_bits=8)
        for index, (time_s, pose) in enumerate(poses):
            stamp_ns = _START_NS + round(time_s * 1e9)
            picture = renderer.render(camera, pose, index, recording.sensor).rgb
            seen.write(stamp_ns, _jpeg(picture, recording.jpeg_quality), pose)
            if index % recording.truth_every == 0:
                known.write(stamp_ns, _truth(renderer.render(small, pose, index)))
            progress()


class _CameraBag:
    """The bag of what the robot's camera recorded."""

    def __init__(self, bag: BagWriter, camera: Intrinsics) -> None:
        self._bag, self._camera = bag, camera
        self._messages = CameraMessages(bag.typestore.types, OPTICAL_FRAME)
        bag.add_topic("/tf_static", "tf2_msgs/msg/TFMessage", latched=True)
        bag.add_topic("/tf", "tf2_msgs/msg/TFMessage")
        bag.add_topic(CAMERA_INFO_TOPIC, "sensor_msgs/msg/CameraInfo")
        bag.add_topic(IMAGE_TOPIC, "sensor_msgs/msg/CompressedImage")
        mount = ("base_link", OPTICAL_FRAME, _ROBOT_FROM_CAMERA)
        bag.write("/tf_static", _START_NS, self._messages.transform(_START_NS, *mount))

    def write(self, stamp_ns: int, jpeg: NDArray[np.uint8], world_from_camera: Any) -> None:
        """An image and where it was taken."""
        messages, robot = self._messages, world_from_camera @ np.linalg.inv(_ROBOT_FROM_CAMERA)
        odometry = messages.transform(stamp_ns, "odom", "base_link", robot)
        self._bag.write("/tf", stamp_ns, odometry)
        info = messages.camera_info(stamp_ns, self._camera)
        self._bag.write(CAMERA_INFO_TOPIC, stamp_ns, info)
        self._bag.write(IMAGE_TOPIC, stamp_ns, messages.image(stamp_ns, jpeg))


def _truth(frame: RenderedFrame) -> Sample:
    return Sample("", frame.rgb, frame.depth_m, frame.normals, frame.labels, frame.intrinsics)


def _jpeg(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    return np.asarray(cv2.imencode(".jpg", bgr, settings)[1], np.uint8).ravel()


def main() -> None:
    """Makes both bags."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scene", type=int, default=Recording.scene, metavar="SEED")
    parser.add_argument("--way", type=int, default=Recording.way, help="seed of the way")
    parser.add_argument("--output", type=Path, default=Path("samples"))
    args = parser.parse_args()
    recording = Recording(scene=args.scene, way=args.way)
    with tqdm(total=int(recording.seconds * recording.rate_hz), unit="image") as bar:
        make_sample_bag(args.output, recording, bar.update)


if __name__ == "__main__":
    main()
