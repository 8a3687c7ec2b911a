# SPDX-License-Identifier: Apache-2.0
"""A frame in few pixels: what frames are compared by."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.posed_frame import PosedFrame

_PIXELS = 160 * 120  # a quarter of 640×480 along each axis
_USUAL_FOCAL = 0.81  # fx / width where no lens is known


class Glance(NamedTuple):
    """All (h, w).

    Attributes:
        log_depth: ln metres as the network and its scale had it; NaN where depth is no distance.
        color: (h, w, 3) uint8.
        grey: uint8 brightness.
        lens: at this size; a usual one where none is known.
        lens_known: whether it is.
        world_from_camera: (4, 4), or None.
        world_id: the frame that the pose is told in.
        stamp_ns: when.
        size: (H, W) of the frame.
    """

    log_depth: NDArray[np.float32]
    color: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    lens: Lens
    lens_known: bool
    world_from_camera: NDArray[np.float64] | None
    world_id: str
    stamp_ns: int
    size: tuple[int, int]


@lru_cache(maxsize=16)
def _at_size(lens: Lens, width: int, height: int) -> Lens:
    return lens.scaled_to(width, height)


def glance_at(frame: PosedFrame, rgb: NDArray[np.uint8]) -> Glance:
    """Takes a frame's depth, and its image of any size.

    Raises:
        ValueError: a frame without depth.
    """
    if frame.depth_m is None:
        raise ValueError("a frame without depth can't be held still")
    height, width = frame.depth_m.shape
    shrink = max(1.0, (height * width / _PIXELS) ** 0.5)
    w, h = max(1, round(width / shrink)), max(1, round(height / shrink))
    depth = cv2.resize(frame.depth_m, (w, h), interpolation=cv2.INTER_NEAREST)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_depth = np.log(depth)
    log_depth[~np.isfinite(log_depth)] = np.nan
    # Four places for each pixel will do; averaging all of them costs as much as the rest.
    thinned = cv2.resize(rgb, (2 * w, 2 * h), interpolation=cv2.INTER_NEAREST)
    color = cv2.resize(thinned, (w, h), interpolation=cv2.INTER_AREA)
    lens = frame.lens
    if lens is None:
        focal = _USUAL_FOCAL * w
        lens = Lens(Intrinsics(focal, focal, (w - 1) / 2, (h - 1) / 2, w, h))
    return Glance(
        log_depth,
        np.asarray(color, np.uint8),
        np.asarray(cv2.cvtColor(color, cv2.COLOR_RGB2GRAY), np.uint8),
        _at_size(lens, w, h),
        frame.lens is not None,
        frame.world_from_camera,
        frame.world_id,
        frame.stamp_ns,
        (height, width),
    )
