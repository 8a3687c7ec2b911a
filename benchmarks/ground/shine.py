# SPDX-License-Identifier: Apache-2.0
"""Depth that a mirroring floor and glass give a sensor: of what is mirrored, and of nothing.

A wet or polished floor shows the wall behind it upside down, and a depth sensor measures that: as
far as the wall, so that it lies below the floor. Of glass it measures nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.ground.courses import FLOOR_LABELS, Course, Mask
from tips_ros.perception.posed_frame import PosedFrame

_GLASS_LABELS = (8, 14)  # windows and doors
_BLOTCH_PX = 25
SHARE = 0.15  # of the floor mirrors


def mirror_floor(course: Course, frame: PosedFrame, rng: np.random.Generator) -> Mask:
    """(H, W) the floor that mirrors, its depth and that of glass changed in the frame's own.

    Args:
        course: whose labels tell floor and glass.
        frame: with depth of its own, which is written to.
        rng: draws the blotches that mirror.
    """
    assert frame.depth_m is not None
    depth: NDArray[np.float32] = frame.depth_m
    floor = np.isin(course.labels, FLOOR_LABELS)
    blotches = cv2.GaussianBlur(
        rng.standard_normal(floor.shape).astype(np.float32), (0, 0), _BLOTCH_PX
    )
    mirrors = floor & (blotches > np.quantile(blotches, 1 - SHARE))
    # A wall mirrored in the floor is as far along z as it is itself: the depth above the floor.
    above = np.where(floor, np.float32(0), depth)
    top = np.argmax(floor, axis=0)
    wall = np.nan_to_num(above[np.maximum(top - 1, 0), np.arange(floor.shape[1])])
    behind = np.broadcast_to(wall[None, :], depth.shape)
    mirrors &= behind > depth
    depth[mirrors] = behind[mirrors]
    depth[np.isin(course.labels, _GLASS_LABELS)] = np.nan
    return np.asarray(mirrors, np.bool_)
