# SPDX-License-Identifier: Apache-2.0
"""Jumps of the memory's frame, such as map after a loop was closed, told by one that has none."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_LEAST_M, _LEAST_DEG = 0.05, 2.0  # less is what poses differ by anyway

Float64Array = NDArray[np.float64]


class Jump(NamedTuple):
    """A jump, as a rigid motion of the memory's frame."""

    motion: Float64Array  # (4, 4): where what is known by odometry lies now, of where it lay
    metres: float  # of the camera
    degrees: float


class JumpWatch:
    """Compares the memory's frame with one in which the camera moves smoothly."""

    def __init__(self) -> None:
        self._before: Float64Array | None = None

    def forget(self) -> None:
        """Begins anew."""
        self._before = None

    def update(
        self, world_from_camera: Float64Array, smooth_from_camera: Float64Array | None
    ) -> Jump | None:
        """The jump since the last one, where it is large enough to count.

        Args:
            world_from_camera: (4, 4) in the memory's frame.
            smooth_from_camera: the same camera in the smooth frame; None where that is not known.
        """
        if smooth_from_camera is None:
            return None
        now = world_from_camera @ np.linalg.inv(smooth_from_camera)
        if self._before is None:
            self._before = now
            return None
        motion = now @ np.linalg.inv(self._before)
        at = world_from_camera[:3, 3]
        metres = float(np.linalg.norm(motion[:3, :3] @ at + motion[:3, 3] - at))
        turn = (float(np.trace(motion[:3, :3])) - 1) / 2
        degrees = math.degrees(math.acos(min(1.0, max(-1.0, turn))))
        if metres < _LEAST_M and degrees < _LEAST_DEG:
            return None
        self._before = now
        return Jump(motion, metres, degrees)
