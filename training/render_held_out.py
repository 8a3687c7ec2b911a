# SPDX-License-Identifier: Apache-2.0
"""Renders pictures of scenes that were never learnt from, for `tips_ros eval`.

    ./run exec python -m training.render_held_out build/held_out
    ./run tips_ros eval build/held_out
    ./run tips_ros eval build/held_out --prompts build/held_out/kept_back.txt

One view of each scene, 640×480. With `--hfov 50 63 90 110` the same views are rendered once for
each field of view, into folders of their own. With `--low` it is the second set: lived-in rooms
from 0.12 to 0.5 m above the floor, with any sensor.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tips_ros.evaluation.datasets.rendered import Entry, write_frame, write_index
from tips_ros.evaluation.sample import Sample
from training.frames.vocabulary import VOCABULARY
from training.network.architecture import CLASSES
from training.scenes.camera.any_sensor import any_sensor
from training.scenes.camera.pose import Viewpoint
from training.scenes.camera.render import Renderer
from training.scenes.camera.robot_cameras import robot_viewpoints
from training.scenes.camera.sensor import Sensor, random_sensor
from training.scenes.light.quality import DRAFT
from training.scenes.lived_in import lived_in_scene
from training.scenes.scene import random_scene
from training.scenes.seeds import HELD_OUT, HELD_OUT_LOW, held_out_seed

PROMPTS = "kept_back.txt"
WIDTH, HEIGHT = 640, 480


def samples(seed: int, hfov_deg: Sequence[float | None] = (None,)) -> list[Sample]:
    """One view of a held-out scene, with each of the fields of view; None is a robot's own."""
    rng = np.random.default_rng([held_out_seed(seed), 1])
    scene = random_scene(seed)
    renderer = Renderer(scene.things, scene.lights, quality=DRAFT)
    view, grain, sensor = scene.viewpoints(rng, 1)[0], int(rng.integers(2**31)), random_sensor(rng)
    # The sensor's blur was chosen for small pictures; a lens blurs angles, not pixels.
    made = []
    for angle in hfov_deg:
        seen = view if angle is None else replace(view, hfov_deg=angle)
        made.append(_sample(seed, renderer, seen, grain, sensor))
    return made


def low_samples(seed: int) -> list[Sample]:
    """One view of a held-out lived-in room from a camera lower than a table."""
    rng = np.random.default_rng([held_out_seed(seed), 1])
    scene = lived_in_scene(seed)
    renderer = Renderer(scene.things, scene.lights, DRAFT, scene.sun)
    view = robot_viewpoints(rng, scene.plan, scene.sight, 1, low_share=1.0)[0]
    return [_sample(seed, renderer, view, int(rng.integers(2**31)), any_sensor(rng))]


def _sample(seed: int, renderer: Renderer, view: Viewpoint, grain: int, sensor: Sensor) -> Sample:
    camera = view.camera(WIDTH, HEIGHT)
    frame = renderer.render(camera, view.world_from_camera, grain, sensor)
    return Sample(
        name=f"scene_{seed}",
        rgb=frame.rgb,
        depth_m=frame.depth_m,
        normals=frame.normals,
        labels=frame.labels,
        intrinsics=camera,
        world_from_camera=frame.world_from_camera,
    )


def kept_back_prompts() -> str:
    """The words that training never showed, one class a line."""
    return "".join(f"{w.name}: {' | '.join(w.kept_back)}\n" for w in VOCABULARY.values())


def main() -> None:
    """Writes the folders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("output", type=Path)
    add("--scenes", type=int, default=200)
    add("--first", type=int, default=0, metavar="N", help="leave out as many scenes before")
    kind = parser.add_mutually_exclusive_group()
    own = "instead of each robot's own"
    kind.add_argument("--hfov", type=float, nargs="+", metavar="DEG", help=own)
    kind.add_argument("--low", action="store_true", help="lived-in rooms from low cameras")
    args = parser.parse_args()
    angles = args.hfov or [None]
    folders = [args.output / f"hfov_{a:g}" if a else args.output for a in angles]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    first = (HELD_OUT_LOW if args.low else HELD_OUT).start
    first += args.first
    seeds = range(first, first + args.scenes)
    os.environ["OMP_NUM_THREADS"] = "1"  # one process a core
    work = partial(_write, folders=folders, angles=None if args.low else angles)
    with multiprocessing.get_context("spawn").Pool() as pool:
        entries = list(tqdm(pool.imap(work, seeds), total=len(seeds), unit="scene"))
    for folder, of_folder in zip(folders, zip(*entries, strict=True), strict=True):
        title = f"{args.scenes} held-out rendered scenes" + ", low cameras" * args.low
        write_index(folder, title, CLASSES, of_folder)
        (folder / PROMPTS).write_text(kept_back_prompts())


def _write(
    seed: int, folders: Sequence[Path], angles: Sequence[float | None] | None
) -> list[Entry]:
    made = low_samples(seed) if angles is None else samples(seed, angles)
    return [
        write_frame(folder, sample, "jpg") for folder, sample in zip(folders, made, strict=True)
    ]


if __name__ == "__main__":
    main()
