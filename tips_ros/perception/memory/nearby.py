# SPDX-License-Identifier: Apache-2.0
"""The remembered things that a frame can have to do with: those around what it can show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.posed_frame import PosedFrame

_MARGIN_M = 1.5  # besides a thing's own size
_UNSURE = 2.0  # deviations of a place that a jump of the frame made unsure
_EACH = 8  # of the rays
_WIDER = 1.1  # than the widest of these


def nearby(things: Sequence[Remembered], frame: PosedFrame, max_range_m: float) -> list[Remembered]:
    """Those so near the cone of sight that they may be in view, or be what is.

    Args:
        things: in the frame that the pose is told in.
        frame: with lens and pose.
        max_range_m: depth beyond which nothing is looked at.
    """
    assert frame.world_from_camera is not None and frame.lens is not None
    if not things:
        return []
    turn, at = frame.world_from_camera[:3, :3], frame.world_from_camera[:3, 3]
    x, y, z = ((np.array([one.place_m for one in things]) - at) @ turn).T
    sizes = np.array([one.high_m for one in things]) - np.array([one.low_m for one in things])
    unsure_m = np.array([one.unsure_m for one in things])
    margin = _MARGIN_M + np.linalg.norm(sizes, axis=1) + _UNSURE * unsure_m
    aside = np.hypot(x, y) - _widest(frame.lens) * np.clip(z, 0, max_range_m)
    near = (z >= -margin) & (z <= max_range_m + margin) & (aside <= margin)
    return [things[row] for row in np.flatnonzero(near).tolist()]


@lru_cache(maxsize=8)
def _widest(lens: Lens) -> float:
    """Metres aside of the axis that are in view at most, for each metre of depth."""
    x, y = np.moveaxis(lens.rays()[::_EACH, ::_EACH].astype(np.float64), -1, 0)
    return float(_WIDER * np.sqrt(np.nanmax(x**2 + y**2)))
