# SPDX-License-Identifier: Apache-2.0
"""Whether a remembered thing's place is in view and empty: then it has been taken away.

A point is seen through where what is seen there is farther than it by more than two standard
deviations, hidden where something nearer stands before it. A thing is missing where most of its
points that used to hide what is behind them are seen through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.memory.remembered import INSIDE, Remembered
from tips_ros.perception.posed_frame import PosedFrame

_DEPTH_ERROR, _SCALE_ERROR = 0.05, 0.02  # of depth: of a pixel that tells none, of all pixels
_SIGMAS = 2.0
_BORDER = 0.02  # of the picture: what lies so near its border is not in view
_NEAREST_M = 0.2
_SOLID = 0.5
_MOST = 0.7  # of the points, that must be in view, and of those that must be seen through


class Look(NamedTuple):
    """The points of N things in a frame; each is (N, 27)."""

    in_view: NDArray[np.bool_]  # with a known depth
    through: NDArray[np.bool_]
    label: NDArray[np.uint8]  # at the pixel; 255 where there is none

    @property
    def nothing(self) -> bool:
        """Whether no point is in view."""
        return not self.in_view.any()


def look(things: Sequence[Remembered], frame: PosedFrame, max_range_m: float) -> Look:
    """Looks at the places of things.

    Args:
        things: in the frame that the pose is told in.
        frame: with depth, lens and pose.
        max_range_m: beyond it nothing is in view.
    """
    assert frame.world_from_camera is not None and frame.lens is not None
    assert frame.depth_m is not None
    shape = len(things), len(INSIDE)
    in_view, through = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    label = np.full(shape, 255, np.uint8)
    if not things:
        return Look(in_view, through, label)
    turn, at = frame.world_from_camera[:3, :3], frame.world_from_camera[:3, 3]
    centres = (np.array([one.centre_m for one in things]) - at) @ turn
    half = np.array([one.size_m.max() for one in things])
    near = (centres[:, 2] > -half) & (centres[:, 2] < max_range_m + half)
    rows = np.flatnonzero(near)
    if not len(rows):
        return Look(in_view, through, label)
    some = [things[row] for row in rows.tolist()]
    axes = np.array([turn.T @ one.rotation for one in some])
    sizes = np.array([one.size_m for one in some])
    points = centres[rows, None] + np.einsum("nij,nkj->nki", axes, INSIDE[None] * sizes[:, None])
    pixels = frame.lens.project(points.reshape(-1, 3)).reshape(*points.shape[:2], 2)
    height, width = frame.size
    with np.errstate(invalid="ignore"):
        x, y, z = np.round(pixels[..., 0]), np.round(pixels[..., 1]), points[..., 2]
        margin = _BORDER * width
        inside = (x >= margin) & (x < width - margin) & (y >= margin) & (y < height - margin)
        inside &= (z > _NEAREST_M) & (z <= max_range_m)
    u, v = (np.where(inside, one, 0).astype(np.int64) for one in (x, y))
    seen = frame.depth_m[v, u].astype(np.float64)
    inside &= ~np.isnan(seen) & (seen > 0)
    told = None if frame.stddev_m is None else frame.stddev_m[v, u]
    # What is +Inf away is farther than any place here.
    usual = _DEPTH_ERROR * np.where(np.isfinite(seen), seen, z)
    sigma = usual if told is None else np.where(np.isfinite(told) & (told > 0), told, usual)
    of_place = [turn[:, 2] @ one.covariance_m2 @ turn[:, 2] for one in some]
    spread = sigma**2 + (_SCALE_ERROR * z) ** 2 + np.array(of_place)[:, None]
    in_view[rows] = inside
    through[rows] = inside & (seen - z > _SIGMAS * np.sqrt(spread))
    if frame.labels is not None:
        label[rows] = np.where(inside, frame.labels[v, u], 255)
    return Look(in_view, through, label)


def missing(things: Sequence[Remembered], seen: Look) -> NDArray[np.bool_]:
    """(N,) whether the place of each thing is in view and empty."""
    if not things:
        return np.zeros(0, np.bool_)
    solid = np.array([one.solid for one in things]) >= _SOLID
    solid |= ~solid.any(axis=1, keepdims=True)  # one that hides nothing: all points count
    of_it = solid.sum(axis=1)
    shown = (solid & seen.in_view).sum(axis=1)
    empty = (solid & seen.through).sum(axis=1)
    return np.asarray((shown >= _MOST * of_it) & (empty >= _MOST * shown) & (shown > 0))
