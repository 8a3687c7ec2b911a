# SPDX-License-Identifier: Apache-2.0
"""Renders rooms with things of known height on the floor, to measure floor and obstacles on.

    ./run exec python -m training.render_courses build/courses

One view of each scene, 640x480, from 0.12 to 1.2 m above the floor, pitched −25° to 10°. Beside the
frames, `courses.json` says what was laid where, and how high the camera is.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from tips_ros.evaluation.datasets.rendered import Entry, write_frame, write_index
from tips_ros.evaluation.sample import Sample
from training.network.architecture import CLASSES
from training.scenes.camera.any_sensor import any_sensor
from training.scenes.camera.render import Renderer
from training.scenes.floor_course import floor_course
from training.scenes.light.quality import DRAFT
from training.scenes.seeds import HELD_OUT_LOW, held_out_seed

COURSES = "courses.json"
FIRST = HELD_OUT_LOW.start + 300_000  # rooms that no other measure is made on
WIDTH, HEIGHT = 640, 480


def main() -> None:
    """Writes the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--scenes", type=int, default=120)
    parser.add_argument("--first", type=int, default=0, help="number of the first scene")
    parser.add_argument("--processes", type=int, default=None, help="one a core by default")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    seeds = range(FIRST + args.first, FIRST + args.first + args.scenes)
    os.environ["OMP_NUM_THREADS"] = "1"
    work = partial(_write, folder=args.output)
    with multiprocessing.get_context("spawn").Pool(args.processes) as pool:
        made = list(tqdm(pool.imap(work, seeds), total=len(seeds), unit="scene"))
    title = f"{args.scenes} held-out courses, things of 2 to 20 cm on the floor"
    courses = {entry["name"]: course for entry, course in made}
    (args.output / COURSES).write_text(json.dumps(courses, indent=1) + "\n")
    write_index(args.output, title, CLASSES, [entry for entry, _ in made])


def _write(seed: int, folder: Path) -> tuple[Entry, dict[str, Any]]:
    course = floor_course(held_out_seed(seed))
    scene, view = course.scene, course.view
    rng = np.random.default_rng([seed, 1])
    camera = view.camera(WIDTH, HEIGHT)
    renderer = Renderer(scene.things, scene.lights, DRAFT, scene.sun)
    pose = view.world_from_camera
    frame = renderer.render(camera, pose, int(rng.integers(2**31)), any_sensor(rng))
    sample = Sample(f"course_{seed}", frame.rgb, frame.depth_m, frame.normals, frame.labels,
                    camera, world_from_camera=frame.world_from_camera)  # fmt: skip
    entry = write_frame(folder, sample, "jpg")
    laid = [asdict(one) for one in course.laid]
    return entry, {"camera_m": float(pose[2, 3]), "laid": laid}


if __name__ == "__main__":
    main()
