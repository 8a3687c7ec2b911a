# SPDX-License-Identifier: Apache-2.0
"""A standing camera's memory of what something hides for a while."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.temporal.change import color_difference
from tips_ros.perception.temporal.glance import Glance
from tips_ros.perception.temporal.motion import Map

_ALIKE = 6.0  # levels of each colour
_SETTLED = 3.0  # frames that a pixel has been one thing for, to be remembered


class Behind(NamedTuple):
    """Memory of each pixel before it saw something else.

    Attributes:
        color: (h, w, 3) levels, as bright as the present picture.
        log_depth: (h, w) ln metres, in the present scale.
        frames: (h, w) how many had a share in it; 0 where nothing is remembered.
    """

    color: NDArray[np.float32]
    log_depth: Map
    frames: Map

    @classmethod
    def nothing(cls, size: tuple[int, ...]) -> Behind:
        """Nothing at all, (h, w)."""
        empty = np.zeros(size, np.float32)
        return cls(np.zeros((*size, 3), np.float32), empty, empty)

    def brighten(self, levels: float) -> Behind:
        """The same in a picture that is as many levels brighter."""
        return self._replace(color=self.color + np.float32(levels))

    def rescale(self, log_factor: float) -> Behind:
        """The same with all depth times e^log_factor."""
        return self._replace(log_depth=self.log_depth + np.float32(log_factor))

    def looks_alike(self, now: Glance) -> NDArray[np.bool_]:
        """(h, w) where the picture is again what is remembered."""
        alike = color_difference(now.color, self.color) < _ALIKE
        return np.asarray(alike & (self.frames > 0), np.bool_)

    def keep(
        self, gone: NDArray[np.bool_], color: NDArray[np.float32], log_depth: Map, frames: Map
    ) -> tuple[Behind, NDArray[np.bool_]]:
        """Remembers what has gone, where it had been for a few frames.

        Args:
            gone: (h, w) where a pixel doesn't see any more what it saw.
            color, log_depth, frames: what it saw.

        Returns:
            The memory, and (h, w) where it is a new one.
        """
        new = gone & (frames >= _SETTLED) & np.isfinite(log_depth)
        memory = Behind(
            np.where(new[..., None], color, self.color),
            np.where(new, log_depth, self.log_depth),
            np.where(new, frames, self.frames),
        )
        return memory, new


def is_new(frames: Map) -> NDArray[np.bool_]:
    """(h, w) where a pixel has been one thing for too few frames to be remembered."""
    return np.asarray(frames < _SETTLED, np.bool_)
