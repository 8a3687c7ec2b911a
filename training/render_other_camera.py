# SPDX-License-Identifier: Apache-2.0
"""Renders RGB-D bags of a camera unlike those that the demo model was trained with.

    ./run exec python -m training.render_other_camera build/other_camera

A high, wide, dark camera: 2.1 m above the floor and 40 degrees down, 120 degrees across, three
powers of two too dark, with a lens that shades its corners. One bag a room, with depth as measured
truth; rooms that no model has learnt from, and others to measure with than those to learn from.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from tips_ros.bags import BagWriter
from tips_ros.evaluation.sample import Sample
from tips_ros.offline.truth.truth_messages import TruthWriter
from training.make_sample_bag import CAMERA_INFO_TOPIC, IMAGE_TOPIC, OPTICAL_FRAME
from training.scenes.camera.camera_messages import CameraMessages
from training.scenes.camera.drive import drive
from training.scenes.camera.pose import pinhole
from training.scenes.camera.render import RenderedFrame, Renderer
from training.scenes.camera.sensor import Sensor
from training.scenes.light.quality import DRAFT
from training.scenes.scene import random_scene
from training.scenes.seeds import held_out_seed

_CAMERA = pinhole(224, 168, 120.0)
_SENSOR = Sensor(exposure_ev=-3.0, vignette=0.5, read_noise=0.006, shot_noise=0.02, contrast=0.5)
_HEIGHT_M, _PITCH_DEG, _RATE_HZ = 2.1, -40.0, 2.0
_START_NS = 1_700_000_000 * 10**9
_FIRST = 1_000_400  # of the rooms
_JPEG_QUALITY = 85


def frames(seed: int, count: int) -> Iterator[RenderedFrame]:
    """Renders a drive of `count` frames through a room.

    Raises:
        ValueError: the room has no free floor for a robot, or is not held out.
    """
    scene = random_scene(held_out_seed(seed))
    rng = np.random.default_rng([seed, 23])
    poses = drive(rng, scene.plan, count / _RATE_HZ + 1.0, _RATE_HZ, _HEIGHT_M, _PITCH_DEG)
    renderer = Renderer(scene.things, scene.lights, quality=DRAFT)
    for index, (_, pose) in enumerate(poses[:count]):
        yield renderer.render(_CAMERA, pose, index, _SENSOR)


def write_bag(path: Path, drawn: Iterator[RenderedFrame]) -> None:
    """Writes what the camera saw, its CameraInfo, and the depth that was there."""
    with BagWriter(path) as bag:
        messages = CameraMessages(bag.typestore.types, OPTICAL_FRAME)
        bag.add_topic(CAMERA_INFO_TOPIC, "sensor_msgs/msg/CameraInfo")
        bag.add_topic(IMAGE_TOPIC, "sensor_msgs/msg/CompressedImage")
        truth = TruthWriter(bag, OPTICAL_FRAME)
        for index, frame in enumerate(drawn):
            stamp_ns = _START_NS + round(index / _RATE_HZ * 1e9)
            bgr = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR)
            jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
            bag.write(CAMERA_INFO_TOPIC, stamp_ns, messages.camera_info(stamp_ns, _CAMERA))
            bag.write(IMAGE_TOPIC, stamp_ns, messages.image(stamp_ns, jpeg.ravel()))
            truth.write(stamp_ns, Sample("", frame.rgb, frame.depth_m))


def main() -> None:
    """Writes the bags."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--learn", type=int, default=5, help="rooms to learn from")
    parser.add_argument("--measure", type=int, default=2, help="rooms to measure with")
    parser.add_argument("--frames", type=int, default=16, help="of each room")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    names = [f"learn_{i}" for i in range(args.learn)]
    names += [f"measure_{i}" for i in range(args.measure)]
    seeds = iter(range(_FIRST, _FIRST + 10 * len(names)))
    for name in names:
        drawn = _first_with_floor(seeds, args.frames)
        write_bag(args.output / name, iter(tqdm(drawn, desc=name, total=args.frames)))


def _first_with_floor(seeds: Iterator[int], count: int) -> Iterator[RenderedFrame]:
    """The frames of the next room that has free floor."""
    for seed in seeds:
        drawn = frames(seed, count)
        try:
            first = next(drawn)
        except ValueError:
            continue
        yield first
        yield from drawn
        return


if __name__ == "__main__":
    main()
