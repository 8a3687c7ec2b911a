# SPDX-License-Identifier: Apache-2.0
"""Fills a memory for hours of simulated driving, and prints whether it grows or slows down.

    ./run exec python -m benchmarks.objects.memory_soak
    ./run exec python -m benchmarks.objects.memory_soak --hours 0.1

Two key frames a second of a hall with boxes, of which one is carried elsewhere every half minute;
the map jumps by 10 cm every ten minutes. Arrays alone, small: nothing else takes time or memory.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.objects.objects import Objects
from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.process.freed_memory import keep_freed_memory
from tips_ros.process.memory import resident_mib

_HALL_M, _BOXES, _WIDTH = 12.0, 40, 32
_SIZE = (60, 80)
_CAMERA = Intrinsics(65.0, 65.0, 39.5, 29.5, 80, 60)
_NAMES = ("box", "chair", "lamp", "ball", "plant", "bag")
_CLASSES = ClassList(("wall", "floor", *_NAMES), tuple(range(2 + len(_NAMES))))
_EVERY_S, _CARRIED_S, _JUMPS_S = 0.5, 30.0, 600.0
_HEIGHT_M, _NOISE, _JUMP_M = 0.8, 0.02, 0.1


class Hall:
    """A hall with boxes on its floor, and a camera that drives about at random."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._low, self._high = np.zeros((_BOXES, 3)), np.zeros((_BOXES, 3))
        self._label = 2 + self._rng.integers(len(_NAMES), size=_BOXES)
        self._looks = self._rng.standard_normal((2 + _BOXES, _WIDTH)).astype(np.float32)
        self._at, self._heading = np.full(2, _HALL_M / 2), 0.0
        for index in range(_BOXES):
            self.carry(index)
        v, u = np.mgrid[: _SIZE[0], : _SIZE[1]]
        x, y = (u - _CAMERA.cx) / _CAMERA.fx, (v - _CAMERA.cy) / _CAMERA.fy
        self._ways = np.stack([x, y, np.ones(_SIZE)], -1).reshape(-1, 3)

    def carry(self, index: int) -> None:
        """Puts a box elsewhere."""
        size = self._rng.uniform(0.2, 0.6, 3)
        low = np.append(self._rng.uniform(0.3, _HALL_M - 0.9, 2), 0.0)
        self._low[index], self._high[index] = low, low + size

    def frame(self, stamp_s: float) -> PosedFrame:
        """The next key frame, a step on."""
        self._heading += self._rng.normal(0.0, 0.25)
        ahead = np.array([np.cos(self._heading), np.sin(self._heading)])
        step = self._at + 0.2 * ahead
        if (step < 0.5).any() or (step > _HALL_M - 0.5).any():
            self._heading += 1.0
        else:
            self._at = step
        pose = np.eye(4)
        pose[:3, :3] = np.array([[ahead[1], 0, ahead[0]], [-ahead[0], 0, ahead[1]], [0, -1, 0]])
        pose[:3, 3] = (*self._at, _HEIGHT_M)
        depth, owner = self._cast(pose)
        labels = np.concatenate([[0, 1], self._label])[owner].astype(np.uint8).reshape(_SIZE)
        depth *= 1 + _NOISE * self._rng.standard_normal(_SIZE)
        return PosedFrame(
            round(stamp_s * 1e9),
            depth_m=depth.astype(np.float32),
            stddev_m=(_NOISE * depth).astype(np.float32),
            labels=labels,
            value_features=self._looks[owner.reshape(_SIZE)[5::10, 5::10]],
            lens=Lens(_CAMERA),
            world_from_camera=pose,
            world_id="odom",
        )

    def _cast(self, pose: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """(h, w) depth, and (h·w,) what is seen: wall, floor, or a box from 2 on."""
        at, ways = pose[:3, 3], self._ways @ pose[:3, :3].T
        with np.errstate(divide="ignore", invalid="ignore"):
            walls = np.where(ways > 0, (_HALL_M - at) / ways, -at / ways)
            floor = np.where(ways[:, 2] < 0, -at[2] / ways[:, 2], np.inf)
            one = (self._low - at) / ways[:, None]
            other = (self._high - at) / ways[:, None]
        enters = np.fmax.reduce(np.fmin(one, other), axis=-1)
        leaves = np.fmin.reduce(np.fmax(one, other), axis=-1)
        boxes = np.where((enters <= leaves) & (enters > 0.05), enters, np.inf)
        all_of = np.concatenate([walls[:, :2].min(axis=1)[:, None], floor[:, None], boxes], axis=1)
        owner = all_of.argmin(axis=1)
        return all_of[np.arange(len(owner)), owner].reshape(_SIZE), owner


def drive(memory: Memory, hall: Hall, first: int, count: int) -> list[float]:
    """Drives on; milliseconds that each key frame took the memory.

    Args:
        memory: that looks.
        hall: that is looked at.
        first: key frames that there were before.
        count: key frames to drive.
    """
    objects, spent_ms = Objects(), []
    for index in range(first, first + count):
        now_s = _EVERY_S * (index + 1)
        if now_s % _CARRIED_S == 0:
            hall.carry(int(now_s / _CARRIED_S) % _BOXES)
        frame = hall.frame(now_s)
        view = objects.look(frame, _CLASSES)
        smooth = frame.world_from_camera
        assert smooth is not None
        placed = smooth.copy()
        placed[0, 3] += _JUMP_M * (int(now_s / _JUMPS_S) % 2)
        start = time.process_time()
        memory.see(
            view, replace(frame, world_from_camera=placed, world_id="map"),
            smooth_from_camera=smooth,
        )  # fmt: skip
        spent_ms.append(1e3 * (time.process_time() - start))
    return spent_ms


def main() -> None:
    """Prints a line for each tenth of the drive."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=2.0)
    args = parser.parse_args()
    keep_freed_memory()
    memory, hall = Memory(), Hall()
    part = max(1, round(args.hours * 3600 / _EVERY_S / 10))
    for tenth in range(10):
        spent = drive(memory, hall, tenth * part, part)
        print(
            f"{(tenth + 1) * part:6d} key frames: {resident_mib():6.1f} MiB resident, "
            f"{len(memory.things):3d} things ({memory.counts.gone} gone), "
            f"{np.median(spent):.2f} ms a key frame, {np.quantile(spent, 0.95):.2f} for one in "
            "twenty", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
