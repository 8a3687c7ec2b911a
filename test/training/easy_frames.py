# SPDX-License-Identifier: Apache-2.0
"""Pictures that a small model soon learns: a wall over a floor, packed or rendered just now."""

from __future__ import annotations

import time

import numpy as np

from training.frames.frame_store import StoredFrame

SCENES = 6  # that are packed, the last two to check with


def easy_frame(scene: int) -> StoredFrame:
    """A wall over a floor, at another height and distance in each scene."""
    edge = 40 + 8 * scene
    rgb = np.full((224, 224, 3), (200, 190, 170), np.uint8)
    rgb[edge * 224 // 128 :] = (90, 60, 30)
    normals = np.zeros((128, 128, 3), np.int8)
    normals[:edge, :, 2] = normals[edge:, :, 1] = -127
    classes = np.zeros((128, 128), np.uint8)
    classes[edge:] = 1
    depth = np.full((128, 128), 2 + 0.2 * scene, np.float16)
    return StoredFrame(rgb, depth, normals, classes, np.asarray(0.81, np.float32))


class Rendered:
    """Rooms that are ready when they are asked for, each another depth; as many as there are."""

    def __init__(self, rooms: int) -> None:
        self.given, self._rooms, self.stopped = 0, rooms, False

    def take(self, timeout_s: float) -> list[StoredFrame]:
        if self.given == self._rooms:
            time.sleep(0.01)
            return []
        frames = [easy_frame(self.given % 5), easy_frame(self.given % 5)]
        frames = [f._replace(focal_ratio=np.float32(100 + self.given)) for f in frames]
        self.given += 1
        return [StoredFrame(*(np.stack(part) for part in zip(*frames, strict=True)))]

    def stop(self) -> None:
        self.stopped = True
