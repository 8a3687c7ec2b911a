# SPDX-License-Identifier: Apache-2.0
"""Evidence that a remembered thing's place is in view and empty: it has been taken away.

Looked at are those of its points at which it is seen when it is there. The place is empty where
what is seen at them, taken together, is farther than the thing by more than two standard
deviations; something that stands before it is nearer.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import UNLABELLED, name_key
from tips_ros.perception.memory.matching import Boxes
from tips_ros.perception.memory.remembered import INSIDE, Remembered
from tips_ros.perception.objects.objects import ObjectsView
from tips_ros.perception.posed_frame import PosedFrame

_DEPTH_ERROR, _SCALE_ERROR = 0.05, 0.02  # of depth: of a pixel that tells none, of all pixels
_SIGMAS = 2.0
_TELLS = (1.0, 2.0, 4.0), (0.0, 1.0, 2.0)  # deviations → how surely a place is empty
_BORDER = 0.02  # of the picture: what lies so near its border is not in view
_NEAREST_M = 0.2
_SOLID = 0.5
_LEAST = 0.2  # of the points; fewer tell nothing
_FAR_M = 1000.0


class Look(NamedTuple):
    """The points of N things in a frame; of most, (N, 27)."""

    in_view: NDArray[np.bool_]  # with a known depth
    beyond_m: NDArray[np.float64]  # how much farther than the thing what is seen there is
    sigma_m: NDArray[np.float64]  # of a pixel's depth
    label: NDArray[np.uint8]  # at the pixel; 255 where there is none
    other: NDArray[np.bool_]  # the pixel is of another remembered thing
    common_m: NDArray[np.float64]  # (N,) deviation that all its points share
    half_m: NDArray[np.float64]  # (N,) half of its extent along the camera's axis

    @property
    def nothing(self) -> bool:
        """Whether no point is in view."""
        return not self.in_view.any()

    def at(self, rows: NDArray[np.int64]) -> Look:
        """That of some things."""
        return Look(
            self.in_view[rows], self.beyond_m[rows], self.sigma_m[rows],
            self.label[rows], self.other[rows], self.common_m[rows], self.half_m[rows],
        )  # fmt: skip

    @classmethod
    def at_nothing(cls, count: int) -> Look:
        """Nothing is in view."""
        shape = count, len(INSIDE)
        return cls(np.zeros(shape, np.bool_), np.zeros(shape), np.ones(shape),
                   np.full(shape, UNLABELLED, np.uint8), np.zeros(shape, np.bool_),
                   np.ones(count), np.zeros(count))  # fmt: skip


def look(
    things: Sequence[Remembered],
    view: ObjectsView,
    frame: PosedFrame,
    max_range_m: float,
    number_of_id: Mapping[int, int],
) -> Look:
    """Looks at the places of things.

    Args:
        things: in the frame that the pose is told in.
        view: the things of the frame that are followed.
        frame: with depth, lens and pose.
        max_range_m: beyond it nothing is in view.
        number_of_id: of the followed things, as far as they are remembered.
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
    found.half_m[rows] = (np.abs(axes[:, 2]) * sizes).sum(axis=1) / 2
    if frame.labels is not None:
        found.label[rows] = np.where(inside, frame.labels[v, u], UNLABELLED)
    ids, back = np.unique(view.ids_at(v, u), return_inverse=True)
    number = np.array([number_of_id.get(one, 0) for one in ids.tolist()])[back].reshape(v.shape)
    own = np.array([one.number for one in some])[:, None]
    found.other[rows] = inside & (number > 0) & (number != own)
    return found


def shown_at(seen: Look, row: int, class_id: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(27,) which points of a thing that is seen are known, and at which of them it is seen."""
    of_it = seen.label[row] == class_id
    spread = _SIGMAS * np.hypot(seen.sigma_m[row], seen.common_m[row])
    hidden = seen.beyond_m[row] < -spread
    return seen.in_view[row] & (of_it | ~hidden), of_it


def fade(
    things: Sequence[Remembered], seen: Look, touched: set[int], class_ids: Mapping[str, int]
) -> None:
    """Counts it against things that their places are seen to be empty.

    Args:
        things: that were looked at.
        seen: the look.
        touched: numbers of those that the frame shows.
        class_ids: as of `emptiness`.
    """
    for one, empty in zip(things, emptiness(things, seen, class_ids).tolist(), strict=True):
        if one.number not in touched:
            one.presence -= empty


def emptiness(
    things: Sequence[Remembered], seen: Look, class_ids: Mapping[str, int]
) -> NDArray[np.float64]:
    """(N,) how surely the place of each thing is seen to be empty, from 0 to 2.

    A place of which a part is in view, or not hidden, tells that part of it.

    Args:
        things: that were looked at.
        seen: the look.
        class_ids: name of each class → the id of its pixels: where a thing's name is, and no other
            thing of that name, it is.
    """
    empty = np.zeros(len(things))
    rows = np.flatnonzero(seen.in_view.any(axis=1))
    if len(rows):
        empty[rows] = _emptiness([things[row] for row in rows.tolist()], seen.at(rows), class_ids)
    return empty


def _emptiness(
    things: Sequence[Remembered], seen: Look, class_ids: Mapping[str, int]
) -> NDArray[np.float64]:
    solid = np.array([one.solid for one in things]) >= _SOLID
    solid |= ~solid.any(axis=1, keepdims=True)  # one that is seen nowhere inside: all points count
    spread = _SIGMAS * np.hypot(seen.sigma_m, seen.common_m[:, None])
    hidden = seen.beyond_m < -(seen.half_m[:, None] + spread)
    counts = solid & seen.in_view & ~hidden
    shown = counts.sum(axis=1)
    named = np.array([class_ids.get(name_key(one.name), -1) for one in things])
    of_it = (seen.label == named[:, None]) & ~seen.other
    of_it &= seen.beyond_m <= 2 * seen.half_m[:, None] + spread
    beyond = np.where(of_it, np.minimum(seen.beyond_m, 0.0), seen.beyond_m)
    beyond = np.where(counts, beyond, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of things out of view
        middle = np.nanmedian(beyond, axis=1)
        of_pixels = np.nanmean(np.where(counts, seen.sigma_m, np.nan), axis=1)
    # Errors of pixels are alike to some part: nine are worth no more than four.
    sigma = np.hypot(of_pixels / np.sqrt(np.maximum(shown, 1) ** 0.6), seen.common_m)
    deviations = np.nan_to_num(middle / sigma, nan=-1.0)
    share = shown / solid.sum(axis=1)
    sure = np.interp(deviations, *_TELLS)
    return np.asarray(np.where(share >= _LEAST, share * sure, 0.0))
