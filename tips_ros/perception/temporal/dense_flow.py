# SPDX-License-Identifier: Apache-2.0
"""Dense optical flow between pictures of any size, found once for all who ask."""

from __future__ import annotations

import math
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

# OpenCV's flow refuses, or ends the process at, pictures that are smaller or wider than this.
_LEAST_PX, _WIDEST = 16, 2.0


def dense_flow(
    solver: cv2.DISOpticalFlow, now: NDArray[np.uint8], before: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Optical flow by OpenCV's DIS; pictures that it can't take are stretched for it.

    Args:
        solver: with its preset.
        now, before: (h, w) grey.

    Returns:
        (h, w, 2) pixels, x and y, from a place in `now` to the same one in `before`.
    """
    h, w = now.shape
    width = max(w, _LEAST_PX)
    height = max(h, _LEAST_PX, math.ceil(width / _WIDEST))
    if (height, width) == (h, w):
        pair = np.ascontiguousarray(now), np.ascontiguousarray(before)
        return np.asarray(solver.calc(*pair, None), np.float32)
    flow = solver.calc(*(cv2.resize(grey, (width, height)) for grey in (now, before)), None)
    shrink = np.array((w / width, h / height), np.float32)
    return np.asarray(cv2.resize(flow, (w, h)) * shrink, np.float32)


class FlowBetween:
    """Dense flow between two pictures of one size: found when it is first asked for, and kept.

    Attributes:
        before: (h, w) grey, the picture that it leads to.
    """

    def __init__(
        self, solver: cv2.DISOpticalFlow, now: NDArray[np.uint8], before: NDArray[np.uint8]
    ) -> None:
        """Takes what `dense_flow` does."""
        self._solver, self._now, self.before = solver, now, before

    @cached_property
    def field(self) -> NDArray[np.float32]:
        """(h, w, 2) as `dense_flow` has it; not to be written to."""
        return dense_flow(self._solver, self._now, self.before)
