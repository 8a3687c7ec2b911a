# SPDX-License-Identifier: Apache-2.0
"""Whether a remembered thing's place is in view and empty: then it has been taken away.

Looked at are those of its points at which it is seen when it is there. The place is empty where
what is seen at them, taken together, is farther than the thing by more than two standard
deviations; something that stands before it is nearer.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.memory.matching import Boxes
from tips_ros.perception.memory.remembered import INSIDE, Remembered
from tips_ros.perception.posed_frame import PosedFrame

_DEPTH_ERROR, _SCALE_ERROR = 0.05, 0.02  # of depth: of a pixel that tells none, of all pixels
_SIGMAS = 2.0
_BORDER = 0.02  # of the picture: what lies so near its border is not in view
_NEAREST_M = 0.2
_SOLID = 0.5
_MOST = 0.5  # of the points, that must be in view
_FAR_M = 1000.0


class Look(NamedTuple):
    """The points of N things in a frame; of most, (N, 27)."""

    in_view: NDArray[np.bool_]  # with a known depth
    beyond_m: NDArray[np.float64]  # how much farther than the thing what is seen there is
    sigma_m: NDArray[np.float64]  # of a pixel's depth
    label: NDArray[np.uint8]  # at the pixel; 255 where there is none
    common_m: NDArray[np.float64]  # (N,) deviation that all its points share

    @property
    def nothing(self) -> bool:
        """Whether no point is in view."""
        return not self.in_view.any()

    def at(self, rows: NDArray[np.int64]) -> Look:
        """That of some things."""
        return Look(
            self.in_view[rows], self.beyond_m[rows], self.sigma_m[rows],
            self.label[rows], self.common_m[rows],
        )  # fmt: skip

    @classmethod
    def at_nothing(cls, count: int) -> Look:
        """Nothing is in view."""
        shape = count, len(INSIDE)
        return cls(np.zeros(shape, np.bool_), np.zeros(shape), np.ones(shape),
                   np.full(shape, 255, np.uint8), np.ones(count))  # fmt: skip


def look(things: Sequence[Remembered], frame: PosedFrame, max_range_m: float) -> Look:
    """Looks at the places of things.

    Args:
        things: in the frame that the pose is told in.
        frame: with depth, lens and pose.
        max_range_m: beyond it nothing is in view.
    """
    assert frame.world_from_camera is not None and frame.lens is not None
    assert frame.depth_m is not None
    nothing = Look.at_nothing(len(things))
    if not things:
        return nothing
    turn, at = frame.world_from_camera[:3, :3], frame.world_from_camera[:3, 3]
    boxes = Boxes.of_things(things)
    centres, half = (boxes.centre - at) @ turn, boxes.longest
    near = (centres[:, 2] > -half) & (centres[:, 2] < max_range_m + half)
    rows = np.flatnonzero(near)
    if not len(rows):
        return nothing
    some = [things[row] for row in rows.tolist()]
    axes, sizes = turn.T @ boxes.rotation[rows], boxes.size[rows]
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
    seen = np.where(np.isfinite(seen), seen, _FAR_M)
    usual = _DEPTH_ERROR * np.minimum(seen, z)
    sigma = usual if told is None else np.where(np.isfinite(told) & (told > 0), told, usual)
    places = np.array([one.place_m for one in some]) - at
    depth_m = places @ turn[:, 2]
    of_place = [turn[:, 2] @ one.covariance_m2 @ turn[:, 2] for one in some]
    found = nothing
    found.in_view[rows] = inside
    found.beyond_m[rows] = np.where(inside, seen - depth_m[:, None], 0.0)
    found.sigma_m[rows] = sigma
    found.common_m[rows] = np.sqrt((_SCALE_ERROR * depth_m) ** 2 + np.array(of_place))
    if frame.labels is not None:
        found.label[rows] = np.where(inside, frame.labels[v, u], 255)
    return found


def shown_at(seen: Look, row: int, class_id: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(27,) which points of a thing that is seen are known, and at which of them it is seen."""
    of_it = seen.label[row] == class_id
    spread = _SIGMAS * np.hypot(seen.sigma_m[row], seen.common_m[row])
    hidden = seen.beyond_m[row] < -spread
    return seen.in_view[row] & (of_it | ~hidden), of_it


def missing(things: Sequence[Remembered], seen: Look) -> NDArray[np.bool_]:
    """(N,) whether the place of each thing is in view and empty."""
    gone = np.zeros(len(things), np.bool_)
    rows = np.flatnonzero(seen.in_view.any(axis=1))
    if len(rows):
        gone[rows] = _missing([things[row] for row in rows.tolist()], seen.at(rows))
    return gone


def _missing(things: Sequence[Remembered], seen: Look) -> NDArray[np.bool_]:
    solid = np.array([one.solid for one in things]) >= _SOLID
    solid |= ~solid.any(axis=1, keepdims=True)  # one that is seen nowhere inside: all points count
    counts = solid & seen.in_view
    shown = counts.sum(axis=1)
    beyond = np.where(counts, seen.beyond_m, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of things out of view
        middle = np.nanmedian(beyond, axis=1)
        of_pixels = np.nanmean(np.where(counts, seen.sigma_m, np.nan), axis=1)
    # Errors of pixels are alike to some part: nine are worth no more than four.
    sigma = np.hypot(of_pixels / np.sqrt(np.maximum(shown, 1) ** 0.6), seen.common_m)
    empty = np.nan_to_num(middle, nan=-1.0) > _SIGMAS * np.nan_to_num(sigma, nan=1.0)
    return np.asarray((shown >= _MOST * solid.sum(axis=1)) & (shown > 0) & empty)
