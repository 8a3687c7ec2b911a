# SPDX-License-Identifier: Apache-2.0
"""Measures floor, obstacles and scan against rendered truth, beside what people do today.

    ./run exec python -m training.render_courses build/courses
    ./run exec python -m benchmarks.ground build/courses
    ./run exec python -m benchmarks.ground build/courses --model demo

Without a model, on true depth with noise of 3 % from pixel to pixel: with true labels and normals
off by 5 degrees, the same where some floor mirrors (with and without `ground.drops`), and nothing
but that depth. With a model, on what it sees.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.ground.courses import FLOOR_LABELS, Course, courses
from benchmarks.ground.shine import SHARE, mirror_floor
from benchmarks.ground.stand_ins import LoweredGate, height_gate, row_band
from benchmarks.ground.tally import Tally
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.depth.scale_choice import focal_scale
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.cells import spread
from tips_ros.perception.ground.ground import FloorClasses, Ground
from tips_ros.perception.ground.settings import GroundSettings
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.process.freed_memory import keep_freed_memory

SETTINGS = replace(GroundSettings(), scan_min_height_m=0.035)  # between the 2 and the 5 cm things
CLASSES = FloorClasses(np.isin(np.arange(256), FLOOR_LABELS), np.zeros(256, np.bool_))
_NOISE = 0.03
_NORMAL_NOISE = 0.08

Frames = Callable[[Course], PosedFrame]


def noisy(course: Course, rng: np.random.Generator, all_of_it: bool) -> PosedFrame:
    """True depth with noise; true labels and uneven normals with it, or nothing."""
    sample = course.sample
    assert sample.depth_m is not None and sample.intrinsics is not None
    grain = 1 + _NOISE * rng.standard_normal(sample.depth_m.shape, np.float32)
    depth = sample.depth_m * grain
    frame = PosedFrame(0, depth_m=depth, stddev_m=_NOISE * depth, lens=Lens(sample.intrinsics))
    if not all_of_it:
        return frame
    assert sample.normals is not None
    normals = sample.normals + _NORMAL_NOISE * rng.standard_normal(
        sample.normals.shape, np.float32
    )
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    return replace(frame, labels=sample.labels, normals=normals)


def by_model(name: str) -> Frames:
    """Frames as a model sees them, scaled by the focal length."""
    from tips_ros.perception.loading.load import load_predictor

    predictor = load_predictor(name)
    ratio = predictor.description.focal_ratio

    def seen(course: Course) -> PosedFrame:
        k = course.sample.intrinsics
        assert k is not None
        found = predictor.predict(course.sample.rgb)
        assert found.depth_m is not None
        depth = found.depth_m * np.float32(focal_scale(k, ratio))
        return PosedFrame(0, depth_m=depth, labels=found.labels, normals=found.normals,
                          lens=Lens(k))  # fmt: skip

    return seen


def measure(
    name: str,
    folder: Path,
    frames: Frames,
    most: int | None,
    up_known: bool,
    drops: bool = True,
) -> None:
    """Prints what comes out for one kind of frames, and for the stand-ins on the same depth."""
    ours, gate, band = Tally(name), Tally("  a gate at 0.2 m"), Tally("  a band of ten rows")
    lowered, spent = LoweredGate(), []
    for course in courses(folder, most):
        frame = frames(course)
        assert frame.depth_m is not None
        up = Up(course.plane.up, 1.0, "tf") if up_known else None
        start = time.process_time()
        view = Ground(replace(SETTINGS, drops=drops)).look(frame, CLASSES, up)
        parts, scan = view.parts, view.scan
        view.ground_cloud(course.sample.rgb)
        view.obstacle_cloud(course.sample.rgb)
        spent.append(time.process_time() - start)
        ours.add_plane(course, view.floor.plane, view.floor.note)
        called = np.zeros(frame.depth_m.shape, np.bool_)
        if parts is not None:
            called = spread(parts.obstacle | parts.drop, view.cells.side, called.shape)
            ours.add_scan(course, scan, SETTINGS)
        ours.add_mask(course, called)
        gate.add_mask(course, height_gate(course, frame.depth_m))
        lowered.add(course, frame.depth_m)
        scan, called = row_band(course, frame.depth_m)
        band.add_mask(course, called)
        band.add_scan(course, scan, SETTINGS)
    for tally in (ours, gate, band):
        print("\n".join(tally.lines()))
        if tally is gate:
            print(lowered.line(ours.recall, ours.false_share))
    print(f"  {1e3 * np.median(spent):.1f} ms a frame for floor, obstacles, clouds and scan, "
          f"{1e3 * max(spent):.1f} ms for the slowest")  # fmt: skip
    for line in ours.absent:
        print(f"    no floor: {line}")


def main() -> None:
    """Prints the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("folder", type=Path, help="of training.render_courses")
    add("--model", help="a model instead of true depth with noise")
    add("--most", type=int, help="courses, from the first")
    add("--up-known", action="store_true", help="as by tf or an IMU, within a degree")
    args = parser.parse_args()
    keep_freed_memory()  # as the node does
    if args.model:
        measure(args.model, args.folder, by_model(args.model), args.most, args.up_known)
        return
    rng = np.random.default_rng(0)
    measure("true depth, 3 % noise, labels and normals", args.folder,
            lambda course: noisy(course, rng, True), args.most, args.up_known)  # fmt: skip
    rng, draws = np.random.default_rng(0), np.random.default_rng(1)

    def shining(course: Course) -> PosedFrame:
        frame = noisy(course, rng, True)
        mirror_floor(course, frame, draws)
        return frame

    shines = f"the same, {100 * SHARE:.0f} % of the floor mirrors, glass has no depth"
    measure(shines, args.folder, shining, args.most, args.up_known)
    rng, draws = np.random.default_rng(0), np.random.default_rng(1)
    measure(f"{shines}, no drops", args.folder, shining, args.most, args.up_known, drops=False)
    rng = np.random.default_rng(0)
    measure("true depth, 3 % noise, nothing else", args.folder,
            lambda course: noisy(course, rng, False), args.most, args.up_known)  # fmt: skip


if __name__ == "__main__":
    main()
