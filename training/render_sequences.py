# SPDX-License-Identifier: Apache-2.0
"""Renders sequences of held-out scenes with exact poses, for what is steady from frame to frame.

    ./run exec python -m training.render_sequences build/sequences
    ./run exec tips_ros eval build/sequences --temporal full

Of each scene at 10 Hz and 640×480: `standing` (one view, the sensor's noise alone), `turning` (on
the spot, 20° a second), `driving`, and `standing` and `driving` with a person who walks through.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from tips_ros.evaluation.datasets.rendered import Entry, write_frame, write_index
from tips_ros.evaluation.sample import Sample
from training.network.architecture import CLASSES
from training.scenes.camera.drive import drive
from training.scenes.camera.pose import pinhole
from training.scenes.camera.render import RenderedFrame, Renderer
from training.scenes.camera.sensor import Sensor
from training.scenes.furniture.people.everyday import walking_person
from training.scenes.light.quality import DRAFT
from training.scenes.scene import Scene, random_scene
from training.scenes.seeds import held_out_seed

_SENSOR = Sensor(read_noise=0.004, shot_noise=0.012)  # of a cheap camera indoors
_RATE_HZ = 10.0
_DEG_PER_S = 20.0
_WALK_MPS = 1.0
_HEIGHT_M, _HFOV_DEG = 0.8, 63.3
_SCENES = (1_000_152, 1_000_207)  # an office, and another room with free floor

Pose = NDArray[np.float64]


class Stage:
    """A room with a person who may walk through it."""

    def __init__(self, seed: int, frames: int) -> None:
        """Prepares a held-out scene."""
        self.scene: Scene = random_scene(held_out_seed(seed))
        self.frames, self.seed = frames, seed
        self._room = Renderer(self.scene.things, self.scene.lights, quality=DRAFT)
        self._camera = pinhole(640, 480, _HFOV_DEG)

    @cached_property
    def way(self) -> list[Pose]:
        """Poses of a drive."""
        rng = np.random.default_rng([self.seed, 7])
        seconds = self.frames / _RATE_HZ + 1.0
        return [p for _, p in drive(rng, self.scene.plan, seconds, _RATE_HZ, _HEIGHT_M)]

    @cached_property
    def _person(self) -> Renderer:
        rng = np.random.default_rng([self.seed, 8])
        return Renderer(walking_person(rng), self.scene.lights, quality=DRAFT)

    def sequence(self, name: str) -> Iterator[Sample]:
        """The frames of one of the names above."""
        kind, person = name.split("_")[0], name.endswith("person")
        still = self._look(self.way[0], 0, Sensor(read_noise=0.0, shot_noise=0.0))
        for index in range(self.frames):
            if kind == "standing":
                frame = _noisy(still, index)
            elif kind == "turning":
                frame = self._look(_turned(self.way[0], index * _DEG_PER_S / _RATE_HZ), index)
            else:
                frame = self._look(self.way[index], index)
            if person:
                frame = self._with_person(frame, index)
            yield Sample(
                name=f"{self.seed}_{name}_{index:03d}",
                rgb=frame.rgb,
                depth_m=frame.depth_m,
                normals=frame.normals,
                labels=frame.labels,
                intrinsics=frame.intrinsics,
                sequence=f"{self.seed} {name.replace('_', ' with a ')}",
                stamp_s=index / _RATE_HZ,
                world_from_camera=frame.world_from_camera,
            )

    def _look(self, pose: Pose, index: int, sensor: Sensor = _SENSOR) -> RenderedFrame:
        return self._room.render(self._camera, pose, index, sensor)

    def _with_person(self, frame: RenderedFrame, index: int) -> RenderedFrame:
        """Somebody who crosses the view from left to right, 2 m ahead of where it began."""
        start = self.way[0]
        right, ahead = start[:3, 0], start[:3, 2] * (1, 1, 0)
        middle = start[:3, 3] + 2.0 * ahead / np.linalg.norm(ahead)
        along = (index / _RATE_HZ - self.frames / _RATE_HZ / 2) * _WALK_MPS
        place = np.eye(4)
        place[:3, 0], place[:3, 2] = right, (0, 0, 1)
        place[:3, 1] = np.cross(place[:3, 2], place[:3, 0])
        place[:3, 3] = middle + along * right
        place[2, 3] = 0.0
        seen = self._person.render(
            self._camera, np.linalg.inv(place) @ frame.world_from_camera, index, _SENSOR
        )
        with np.errstate(invalid="ignore"):
            before = seen.depth_m < np.nan_to_num(frame.depth_m, nan=np.inf)
        mask = before[..., None]
        return replace(
            frame,
            rgb=np.where(mask, seen.rgb, frame.rgb),
            depth_m=np.where(before, seen.depth_m, frame.depth_m),
            normals=np.where(mask, seen.normals, frame.normals),
            labels=np.where(before, seen.labels, frame.labels),
        )


def _noisy(frame: RenderedFrame, index: int) -> RenderedFrame:
    rng = np.random.default_rng([index, 3])
    light = frame.rgb / np.float32(255.0)
    spread = np.sqrt(_SENSOR.read_noise**2 + _SENSOR.shot_noise**2 * light)
    noisy = light + spread * rng.standard_normal(light.shape, np.float32)
    return replace(frame, rgb=np.clip(noisy * 255.0 + 0.5, 0, 255).astype(np.uint8))


def _turned(pose: Pose, degrees: float) -> Pose:
    """About the vertical."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = pose.copy()
    turned[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ pose[:3, :3]
    return turned


NAMES = ("standing", "turning", "driving", "standing_person", "driving_person")


def main() -> None:
    """Writes the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--frames", type=int, default=30, help="of each sequence")
    parser.add_argument("--scenes", type=int, nargs="+", default=_SCENES)
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    args.output.mkdir(parents=True, exist_ok=True)
    entries: list[Entry] = []
    for seed in args.scenes:
        stage = Stage(seed, args.frames)
        for name in NAMES:
            frames: Any = tqdm(stage.sequence(name), desc=f"{seed} {name}", total=args.frames)
            entries += [write_frame(args.output, sample, "png") for sample in frames]
            write_index(args.output, "held-out sequences", CLASSES, entries)


if __name__ == "__main__":
    main()
