# SPDX-License-Identifier: Apache-2.0
"""Frames that a memory takes in: now and then, and whenever a camera has moved."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_EVERY_S, _EVERY_M, _EVERY_DEG = 0.5, 0.1, 10.0

Float64Array = NDArray[np.float64]


class KeyFrames:
    """Notes the key frames of all cameras."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, Float64Array]] = {}
        self._view: dict[str, Float64Array] = {}

    def is_one(self, camera: str, stamp_ns: int, pose: Float64Array) -> bool:
        """Whether a frame differs enough from the last key frame to be one.

        Args:
            camera: its name.
            stamp_ns: of the frame.
            pose: (4, 4) of the camera.
        """
        if camera not in self._last:
            return True
        then_ns, there = self._last[camera]
        return not 0 <= stamp_ns - then_ns < _EVERY_S * 1e9 or _has_moved(there, pose)

    def add(self, camera: str, stamp_ns: int, pose: Float64Array) -> bool:
        """Notes a key frame; whether it is another view than the last one that was.

        From one place a model errs in each frame alike: many frames of a view tell no more than
        one.
        """
        self._last[camera] = stamp_ns, pose
        there = self._view.get(camera)
        if there is not None and not _has_moved(there, pose):
            return False
        self._view[camera] = pose
        return True


def _has_moved(there: Float64Array, pose: Float64Array) -> bool:
    turned = (float(np.trace(there[:3, :3].T @ pose[:3, :3])) - 1) / 2
    moved = float(np.linalg.norm(pose[:3, 3] - there[:3, 3]))
    return moved > _EVERY_M or turned < math.cos(math.radians(_EVERY_DEG))
