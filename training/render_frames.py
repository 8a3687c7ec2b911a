# SPDX-License-Identifier: Apache-2.0
"""Fills a frame store: scenes are built, lit and looked at, one process a core."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import numpy as np
from tqdm import tqdm

from training.frame_store import PICTURE, FrameStore, stored
from training.scenes.render import DRAFT, RenderedFrame, Renderer
from training.scenes.scene import random_scene
from training.scenes.seeds import training_seed
from training.scenes.sensor import random_sensor


def scene_frames(seed: int, views: int) -> list[RenderedFrame]:
    """Some views of a scene as training sees them: every one with a camera of its own."""
    rng = np.random.default_rng([seed, 1])
    scene = random_scene(seed)
    renderer = Renderer(scene.things, scene.lights, quality=DRAFT)
    frames = []
    for view in scene.viewpoints(rng, views):
        aspect = 4 / 3 if rng.random() < 0.75 else 16 / 9
        camera = view.camera(PICTURE, PICTURE, aspect)
        frames.append(
            renderer.render(
                camera, view.world_from_camera, int(rng.integers(2**31)), random_sensor(rng)
            )
        )
    return frames


def fill(directory: Path, scenes: int, views: int, processes: int | None = None) -> FrameStore:
    """The store of training scenes 0 to `scenes`, rendered where it is not there yet."""
    store = FrameStore(directory, scenes, views)
    missing = store.missing()
    if not missing:
        return store
    # Each process renders with one thread; more would only wait for each other.
    os.environ["OMP_NUM_THREADS"] = "1"
    jobs = [(directory, scenes, views, scene) for scene in missing]
    with multiprocessing.get_context("spawn").Pool(processes or os.cpu_count()) as pool:
        done = pool.imap_unordered(_fill_one, jobs, chunksize=4)
        for _ in tqdm(done, total=len(jobs), desc="rendering", unit="scene"):
            pass
    return FrameStore(directory, scenes, views)


def _fill_one(job: tuple[Path, int, int, int]) -> None:
    directory, scenes, views, scene = job
    frames = [stored(frame) for frame in scene_frames(training_seed(scene), views)]
    FrameStore(directory, scenes, views).put(scene, frames)
