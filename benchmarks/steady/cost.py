#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cost of depth's deviation and of holding still, for a frame of 640x480 on one core of the CPU.

    ./run exec python benchmarks/steady/cost.py

Of the deviation: what is done for it alone after the heads, with and without the other heads'. Of
each mode: frames of a picture that stands, that moves to and fro and whose pose is known, and whose
is not. A picture that moves changes at a seventh to a quarter of its pixels otherwise than its
camera would have it: labels are followed there one by one, as where somebody walks by. Prints the
milliseconds that its thread was busy, the median and the best of many; no frame begins anew.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import torch

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.deviation.predicted import stddev_at
from tips_ros.perception.loading.load import load_predictor
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.temporal.steady_depth import Mode, SteadyDepth
from tips_ros.perception.temporal.steady_labels import SteadyLabels
from tips_ros.process.freed_memory import keep_freed_memory

SIZE = (480, 640)
LENS = Lens(Intrinsics.from_hfov(63.0, 640, 480))
_FRAMES, _MOVED_PX = 8, 6  # that differ, and by how much each from the one before


def told(work: Callable[[], object], times: int) -> str:
    """Median and minimum."""
    work()
    spent = []
    for _ in range(times):
        began = time.thread_time()
        work()
        spent.append(1e3 * (time.thread_time() - began))
    return f"{np.median(spent):6.2f} ms, best {min(spent):.2f}"


def deviation(rgb: np.ndarray, model: str, times: int) -> None:
    """Prints the deviation's cost."""
    predictor = load_predictor(model)
    seen = predictor.encode(
        rgb, ["depth", "normals", "semantic", "stddev"], label_spaces=[predictor.model_label_space]
    )
    focal, coefficients = predictor.focal_of(seen), predictor.description.deviation
    alone = seen.maps._replace(normals=None, segmentation=None)
    for name, maps in (("all heads", seen.maps), ("depth head alone", alone)):
        with torch.inference_mode():
            cost = told(lambda maps=maps: stddev_at(maps, coefficients, focal, SIZE), times)  # type: ignore[misc]
        print(f"deviation, {name:18s} {cost}")


def frame_after_frame(rgb: np.ndarray, mode: Mode, kind: str, labelled: bool) -> Callable[[], None]:
    """Something that holds the next frame still each time it is called."""
    drawn = np.random.default_rng(1).uniform(1, 4, (6, 8)).astype(np.float32)
    depth_m = np.asarray(cv2.resize(drawn, SIZE[::-1]), np.float32)
    labels, margin = (depth_m * 4).astype(np.uint8), np.full(SIZE, 90, np.uint8)
    pictures = [np.roll(rgb, _MOVED_PX * i, axis=1) for i in range(_FRAMES)]
    there_and_back = [*range(_FRAMES), *range(_FRAMES - 2, 0, -1)]
    steady, held, numbers = SteadyDepth(mode), SteadyLabels(), itertools.count()

    def step() -> None:
        i = next(numbers)
        picture = 0 if kind == "standing" else there_and_back[i % len(there_and_back)]
        frame = PosedFrame(i * 100_000_000, depth_m=depth_m, lens=LENS)
        if kind != "flow":
            pose = np.eye(4)
            angle = -_MOVED_PX * picture / LENS.intrinsics.fx
            pose[:3, :3] = cv2.Rodrigues(np.array([0.0, angle, 0.0]))[0]
            frame = replace(frame, world_from_camera=pose, world_id="odom")
        done = steady.update(frame, pictures[picture])
        assert i == 0 or not done.reset, done.reset
        if labelled:
            held.update(labels, margin, done)

    return step


def holding(rgb: np.ndarray, times: int) -> None:
    """Prints each mode's cost, and with the labels'."""
    modes: tuple[Mode, ...] = ("scale", "full")
    for mode in modes:
        for kind in ("standing", "pose", "flow"):
            for labelled in (False, True):
                step = frame_after_frame(rgb, mode, kind, labelled)
                print(f"{mode:5s} {kind:8s} {'and labels' * labelled:10s}  {told(step, times)}")


def main() -> None:
    """Reads the arguments, and measures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="demo")
    parser.add_argument("--times", type=int, default=100)
    args = parser.parse_args()
    keep_freed_memory()  # as the node does
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    coarse = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    rgb = np.asarray(cv2.resize(coarse, SIZE[::-1]), np.uint8)
    deviation(rgb, args.model, args.times)
    holding(rgb, args.times)


if __name__ == "__main__":
    main()
