# SPDX-License-Identifier: Apache-2.0
"""A scale that is measured anew with every frame, without its flicker."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

import numpy as np

from tips_ros.perception.depth.depth_scale import DepthScale

_JUMP_FRAMES = 3


class ScaleFilter:
    """The median of the last scales; one that is not usable or not consistent has no part in it."""

    def __init__(self, frames: int = 15, jump: float = 0.2) -> None:
        """
        Args:
            frames: how many are remembered.
            jump: when three in a row are off the median by more than this part, all to one side,
                the scene or the sensor has changed, and what was before them is forgotten.

        Raises:
            ValueError: fewer than one frame, or a jump that is not positive.
        """
        if frames < 1 or not jump > 0:
            raise ValueError(f"frames={frames} must be at least 1 and jump={jump} positive")
        self._scales: deque[DepthScale] = deque(maxlen=frames)
        self._jump = math.log1p(jump)

    def add(self, scale: DepthScale) -> DepthScale | None:
        """One more; returns `current`."""
        if scale.usable and scale.consistent:
            self._scales.append(scale)
            self._forget_before_a_jump()
        return self.current

    @property
    def current(self) -> DepthScale | None:
        """The scale with the middle factor (of two, the smaller), or None before the first.

        Its factor and offset belong together; samples, inliers and spread are its own.
        """
        if not self._scales:
            return None
        ordered = sorted(self._scales, key=lambda scale: scale.factor)
        return replace(ordered[(len(ordered) - 1) // 2])

    @property
    def wander(self) -> float:
        """The spread of the remembered factors, as a standard deviation of their logarithms."""
        return 1.4826 * float(np.median(np.abs(self._off_median()))) if self._scales else 0.0

    def reset(self) -> None:
        """Forgets everything, as when time jumps back or the sensor changes."""
        self._scales.clear()

    def _off_median(self) -> np.ndarray:
        logs = np.log([scale.factor for scale in self._scales])
        return np.asarray(logs - np.median(logs))

    def _forget_before_a_jump(self) -> None:
        if len(self._scales) <= 2 * _JUMP_FRAMES:
            return  # the newest would be half of the median they are compared with
        newest = self._off_median()[-_JUMP_FRAMES:]
        if (newest > self._jump).all() or (newest < -self._jump).all():
            kept = list(self._scales)[-_JUMP_FRAMES:]
            self._scales.clear()
            self._scales.extend(kept)
