# SPDX-License-Identifier: Apache-2.0
"""Measures how well things keep their ids on rendered drives, against the renderer's truth.

    ./run exec python -m benchmarks.objects
    ./run exec python -m benchmarks.objects --rooms 20 --frames 150
    ./run exec python -m benchmarks.objects --model demo

Without a model: true masks, true depth with 3 % of noise, and poses that are exact, off by 2 cm and
1 degree from frame to frame, or not known. With a model, on what it sees, poses exact.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.objects.drives import Shown, frames
from benchmarks.objects.identity import Identity
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.depth.depth_scale import DepthScale, focal_scale
from tips_ros.perception.objects.objects import Objects
from tips_ros.perception.objects.stuff import thing_classes
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.predictor import ImageRequest, Output
from training.scenes.things import NAMES

_CLASSES = ClassList(tuple(NAMES.values()), tuple(NAMES))
_NOISE = 0.03
_POSE_M, _POSE_DEG = 0.02, 1.0
_MODES = {"exact": "exact poses", "noisy": "noisy poses", "none": "no poses"}

View = Callable[[Shown], tuple[PosedFrame, ClassList]]


def by_truth(mode: str) -> View:
    """Frames of true masks and noisy depth."""
    rng = np.random.default_rng(0)

    def seen(shown: Shown) -> tuple[PosedFrame, ClassList]:
        grain = 1 + _NOISE * rng.standard_normal(shown.depth_m.shape, np.float32)
        scale = 1 + _NOISE * float(rng.standard_normal())
        depth = shown.depth_m * grain * np.float32(scale)
        frame = PosedFrame(
            round(shown.stamp_s * 1e9),
            depth_m=depth,
            stddev_m=_NOISE * depth,
            labels=shown.labels,
            lens=Lens(shown.camera),
        )
        if mode == "no poses":
            return frame, _CLASSES
        pose = shown.world_from_camera
        if mode == "noisy poses":
            pose = _shaken(pose, rng)
        return replace(frame, world_from_camera=pose, world_id="odom"), _CLASSES

    return seen


def by_model(name: str) -> View:
    """Frames as a model sees them."""
    from tips_ros.perception.loading.load import load_predictor

    predictor = load_predictor(name)
    description, label_space = predictor.description, predictor.model_label_space

    def seen(shown: Shown) -> tuple[PosedFrame, ClassList]:
        assert shown.rgb is not None
        outputs: tuple[Output, ...] = ("depth", "stddev")
        request = ImageRequest(shown.rgb, outputs, label_spaces=[label_space], features=True)
        (looked,) = predictor.encode_batch([request])
        scale = DepthScale(focal_scale(shown.camera, description.focal_ratio), "focal")
        found = predictor.decode(looked, label_space).to_metres(scale, description.max_depth_m)
        frame = PosedFrame(
            round(shown.stamp_s * 1e9),
            depth_m=found.depth_m,
            stddev_m=found.stddev_m,
            labels=found.labels,
            confidence=found.confidence,
            value_features=predictor.value_features(looked),
            lens=Lens(shown.camera),
            world_from_camera=shown.world_from_camera,
            world_id="odom",
        )
        return frame, label_space.classes

    return seen


def measure(title: str, see: View, args: argparse.Namespace, pictures: bool) -> None:
    """Prints the numbers of all rooms."""
    all_of = {"IDF1": [], "found": [], "switches": []}  # type: dict[str, list[float]]
    spent: list[float] = []
    for number in range(args.first, args.first + args.rooms):
        try:
            drive = list(frames(number, args.frames, args.rate, (480, 640), pictures))
        except ValueError as error:
            print(f"  room {number}: {error}")
            continue
        identity, objects = Identity(), Objects()
        for shown in drive:
            frame, classes = see(shown)
            start = time.process_time()
            view = objects.look(frame, classes, rgb=shown.rgb)
            ids = view.id_map()
            spent.append(time.process_time() - start)
            identity.add(shown.thing, _things_of(shown), ids, 1 / args.rate)
        all_of["IDF1"].append(identity.idf1)
        all_of["found"].append(identity.found)
        all_of["switches"].append(identity.switches_a_minute)
        if args.each:
            print(f"  room {number}: IDF1 {identity.idf1:.2f}, found {identity.found:.2f}, "
                  f"{identity.switches_a_minute:.2f} switches")  # fmt: skip
    if spent:
        mean = {name: float(np.mean(values)) for name, values in all_of.items()}
        print(f"{title:<24} IDF1 {mean['IDF1']:.3f}   found {mean['found']:.3f}   "
              f"switches of a thing in a minute {mean['switches']:.2f}   "
              f"{1e3 * np.median(spent):.1f} ms a frame")  # fmt: skip


def main() -> None:
    """Prints the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--rooms", type=int, default=3)
    add("--first", type=int, default=0, help="number of the first room")
    add("--frames", type=int, default=60)
    add("--rate", type=float, default=5.0, help="frames a second")
    add("--poses", choices=_MODES, help="these alone; all three by default")
    add("--model", help="a model instead of true masks and depth")
    add("--each", action="store_true", help="the numbers of each room, too")
    args = parser.parse_args()
    if args.model:
        measure(args.model, by_model(args.model), args, pictures=True)
        return
    for mode in [_MODES[args.poses]] if args.poses else _MODES.values():
        measure(mode, by_truth(mode), args, pictures=False)


def _things_of(shown: Shown) -> set[int]:
    """The numbers of what is no stuff."""
    return set(np.unique(shown.thing[thing_classes(_CLASSES)[shown.labels]]).tolist())


def _shaken(pose: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    shaken = pose.copy()
    shaken[:3, :3] = cv2.Rodrigues(np.radians(_POSE_DEG) * rng.standard_normal(3))[0] @ pose[:3, :3]
    shaken[:3, 3] += _POSE_M * rng.standard_normal(3)
    return shaken


if __name__ == "__main__":
    main()
