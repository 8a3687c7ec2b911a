# SPDX-License-Identifier: Apache-2.0
"""The same points of two frames by optical flow, where no pose tells how the camera moved."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.metrics.warp import SamePoints
from tips_ros.perception.temporal.dense_flow import dense_flow

_STANDS_PX = 0.3  # of the median pixel
_LEADS_BACK_PX = 0.7
_SAME_LEVELS = 25  # of brightness
_LEAST_LEVELS = 4.0  # of brightness that a picture spreads over, or there is nothing to follow
_LEAST_SHARE = 0.1  # of the pixels, or it is a cut


class FlowedPoints(NamedTuple):
    """Points that both frames saw.

    Attributes:
        points: their pixels.
        stood: whether the camera did not move, as far as the picture tells.
    """

    points: SamePoints
    stood: bool


def flowed_points(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> FlowedPoints | None:
    """Follows each pixel of `now` into `before`, both (H, W, 3).

    A point counts where the flow leads back to where it came from, and looks the same. Unlike by
    poses, what moves by itself counts, too.

    Returns:
        None for frames of two sizes, where there is nothing to follow, and where they have next to
        nothing in common.
    """
    if before.shape != now.shape:
        return None
    grey_before, grey_now = (cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) for rgb in (before, now))
    if min(grey_now.shape) < 16 or grey_now.std() < _LEAST_LEVELS:  # next to nothing to follow
        return None
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there = dense_flow(flow, grey_now, grey_before)
    back = dense_flow(flow, grey_before, grey_now)
    h, w = grey_now.shape
    columns, rows = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)[:, None]
    x, y = there[..., 0] + columns, there[..., 1] + rows
    off = there + np.asarray(_at(back, x, y, 1e3), np.float32)
    same = np.abs(off).max(axis=-1) < _LEADS_BACK_PX
    lighter = cv2.absdiff(grey_now, _at(grey_before, x, y, 0))
    same &= lighter < _SAME_LEVELS
    if np.count_nonzero(same) < _LEAST_SHARE * same.size:
        return None
    v, u = np.nonzero(same)
    v_there, u_there = (np.rint(of[v, u]).astype(np.intp) for of in (y, x))
    stood = float(np.median(np.abs(there).max(axis=-1))) < _STANDS_PX
    seen_at = v_there.clip(0, h - 1), u_there.clip(0, w - 1)
    return FlowedPoints(SamePoints((v, u), seen_at), stood)


def _at(
    image: NDArray[np.generic], x: NDArray[np.float32], y: NDArray[np.float32], outside: float
) -> NDArray[np.generic]:
    border = (outside,) * 4
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, border))
