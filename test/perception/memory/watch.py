# SPDX-License-Identifier: Apache-2.0
"""A memory that a camera fills, in a room of boxes whose places are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.memory.settings import MemorySettings
from tips_ros.perception.objects.objects import Objects
from tips_ros.perception.objects.settings import ObjectSettings
from tips_ros.perception.posed_frame import PosedFrame

from ..ground.floor_scene import LAMP, Box
from ..objects.scenes import CLASSES, seen

SETTINGS = ObjectSettings(birth_hits=2, max_unseen_s=1.0)
LEFT = Box((1.8, 0.3, 0), (2.0, 0.6, 0.4))
RIGHT = Box((1.8, -0.6, 0), (2.0, -0.3, 0.5), LAMP)


def shifted(box: Box, x: float = 0.0, y: float = 0.0) -> Box:
    """The box at another place."""
    low, high = ((end[0] + x, end[1] + y, end[2]) for end in (box.low, box.high))
    return Box(low, high, box.label)


class Watch:
    """Shows key frames, a second apart."""

    def __init__(self, **settings: float) -> None:
        self.memory, self.objects = Memory(), Objects()
        self.settings = MemorySettings(**settings)
        self.now_s = 0.0

    def __call__(
        self, *boxes: Box, frames: int = 3, passed_s: float = 1.0, jump_m: float = 0.0, **view
    ) -> list[Remembered]:
        """The things remembered after some frames; a jump moves the memory's frame along x."""
        for _ in range(frames):
            self.now_s += passed_s
            frame = seen(list(boxes), stamp_s=self.now_s, **view)
            self.took = self.take(frame, jump_m)
        return self.memory.things

    def take(self, frame: PosedFrame, jump_m: float = 0.0) -> bool:
        shown = self.objects.look(frame, CLASSES, settings=SETTINGS)
        pose = frame.world_from_camera
        if pose is None:
            return self.memory.see(shown, frame, self.settings)
        moved = pose.copy()
        moved[0, 3] += jump_m
        placed = replace(frame, world_from_camera=moved, world_id="map")
        return self.memory.see(shown, placed, self.settings, smooth_from_camera=pose)

    def named(self, name: str) -> list[Remembered]:
        return [one for one in self.memory.things if one.name == name]


def off_m(one: Remembered, box: Box) -> float:
    """From the middle of what is remembered to that of a box, over the floor."""
    middle = (np.array(box.low) + np.array(box.high)) / 2
    return float(np.linalg.norm((one.centre_m - middle)[:2]))
