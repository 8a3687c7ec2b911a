# SPDX-License-Identifier: Apache-2.0
"""Fills a frame store: scenes are built, lit and looked at, one process a core."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from training.frames.frame_store import PICTURE, FrameStore, stored
from training.scenes.camera.any_sensor import any_sensor
from training.scenes.camera.handheld_cameras import handheld_viewpoints
from training.scenes.camera.render import RenderedFrame, Renderer
from training.scenes.camera.robot_cameras import robot_viewpoints
from training.scenes.fuller_room import fuller_scene
from training.scenes.light.quality import DRAFT
from training.scenes.lived_in import lived_in_scene
from training.scenes.scene import Scene, random_scene
from training.scenes.seeds import LIVED_IN_MORE, training_seed
from training.worker import end_with_parent

logger = logging.getLogger(__name__)

_TIDY_EVERY = 5  # of these rooms one is as `random_scene` furnishes it, the others are lived in


def scene_frames(seed: int, views: int) -> list[RenderedFrame]:
    """Some views of a scene as training sees them: every one with a camera of its own."""
    lived_in = fuller_scene if seed in LIVED_IN_MORE else lived_in_scene
    return _frames_of((lived_in if seed % _TIDY_EVERY else random_scene)(seed), seed, views)


def _frames_of(scene: Scene, seed: int, views: int) -> list[RenderedFrame]:
    rng = np.random.default_rng([seed, 1])
    renderer = Renderer(scene.things, scene.lights, DRAFT, scene.sun)
    held = views // 2 if seed in LIVED_IN_MORE else 0
    seen_from = robot_viewpoints(rng, scene.plan, scene.sight, views - held)
    seen_from += handheld_viewpoints(rng, scene.plan, scene.sight, held)
    frames = []
    for view in seen_from:
        aspect = 4 / 3 if rng.random() < 0.75 else 16 / 9
        camera = view.camera(PICTURE, PICTURE, aspect)
        grain, sensor = int(rng.integers(2**31)), any_sensor(rng)
        frames.append(renderer.render(camera, view.world_from_camera, grain, sensor))
    return frames


def fill(
    directory: Path, scenes: int, views: int, processes: int | None = None, first: int = 0
) -> FrameStore:
    """The store of so many training scenes from `first` on, rendered where it is not there yet."""
    store = FrameStore(directory, scenes, views, first)
    missing = store.missing()
    if not missing:
        return store
    # Each process renders with one thread; more would only wait for each other.
    os.environ["OMP_NUM_THREADS"] = "1"
    jobs = [(directory, scene) for scene in missing]
    workers = multiprocessing.get_context("spawn").Pool(processes, end_with_parent)
    # Into a file the bar is written once a minute.
    often = 0.1 if sys.stderr.isatty() else 60
    with workers as pool, tqdm(
        total=scenes, initial=scenes - len(missing), desc="rendering", unit="scene",
        mininterval=often, maxinterval=often,
    ) as bar:  # fmt: skip
        for _ in pool.imap_unordered(_fill_one, jobs):
            bar.update()
    return FrameStore.opened(directory)


def _fill_one(job: tuple[Path, int]) -> None:
    directory, scene = job
    store = FrameStore.opened(directory)
    seed, views = training_seed(store.first + scene), store.views
    try:
        made = scene_frames(seed, views)
    except Exception:  # one odd room in thousands must not stop a night's work
        logger.exception("scene %d can't be rendered; its tidy room is taken instead", seed)
        made = _frames_of(random_scene(seed), seed, views)
    store.put(scene, [stored(frame) for frame in made])
