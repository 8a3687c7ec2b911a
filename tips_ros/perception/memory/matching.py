# SPDX-License-Identifier: Apache-2.0
"""Pairs of what is seen and what is remembered: by place, by a thing's own size, name and looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import name_key
from tips_ros.perception.memory.remembered import INSIDE, Feature, Remembered
from tips_ros.perception.memory.sighting import Sighting
from tips_ros.perception.objects.assignment import assign
from tips_ros.perception.regions.oriented_box import OrientedBox

_GATE = 9.0  # squared Mahalanobis distance from a box: three standard deviations
_OF_SIZE, _LEAST_M = 0.5, 0.15  # how far from a box, as a part of the size, or in metres
_FOLLOWED = 2.0  # times both, for what was followed since it was that thing
_UNSURE = 1.5  # or in deviations of where it is remembered, as after a jump of the frame
_SAME_PLACE, _LIKE = 0.5, 0.7  # what of a box lies in the other, and cosine, for another name
_SAME_BOX = 0.6  # what of each lies in the other, for another name without looks
_PART = 0.5  # what of a box must lie in a larger one to be a part of it
_SMALL, _TOUCH_M = 0.6, 0.15  # a piece beside a thing, by its longest side, is of it
_COVERED, _STACKED = 0.7, 0.25  # what of a piece a thing covers, and how far off, of its longest
_OF_LOOKS, _OF_NAME, _OF_TRACK = 0.5, 0.5, 1.0
_UNKNOWN = 0.5

Float64Array = NDArray[np.float64]


class Matches(NamedTuple):
    """The remembered thing of each sighting; None for a new one. `parts`: it is a part of it."""

    of_sighting: list[Remembered | None]
    parts: list[bool]


class Boxes(NamedTuple):
    """N boxes at once."""

    centre: Float64Array  # (N, 3)
    rotation: Float64Array  # (N, 3, 3)
    size: Float64Array  # (N, 3)

    @classmethod
    def of(cls, boxes: Sequence[OrientedBox]) -> Boxes:
        """Some boxes."""
        return cls(
            np.array([box.centre_m for box in boxes]).reshape(-1, 3),
            np.array([box.rotation for box in boxes]).reshape(-1, 3, 3),
            np.array([box.size_m for box in boxes]).reshape(-1, 3),
        )

    @classmethod
    def of_things(cls, things: Sequence[Remembered]) -> Boxes:
        """Those of remembered things, of many at once."""
        low, high = (
            np.array([getattr(one, end) for one in things]).reshape(-1, 3)
            for end in ("low_m", "high_m")
        )
        rotation = np.array([one.rotation for one in things]).reshape(-1, 3, 3)
        return cls(np.einsum("nij,nj->ni", rotation, (low + high) / 2), rotation, high - low)

    @property
    def longest(self) -> Float64Array:
        """(N,) the longest sides."""
        return self.size.max(axis=1, initial=0.0)

    @property
    def radius(self) -> Float64Array:
        """(N,) from the middles to the corners."""
        return _length(self.size) / 2

    def at(self, index: NDArray[np.int64]) -> Boxes:
        """Some of them."""
        return Boxes(self.centre[index], self.rotation[index], self.size[index])

    def gap(self, points: Float64Array) -> Float64Array:
        """(N, 3) from the nearest point of each box to the point (N, 3) that goes with it."""
        off = np.einsum("nij,ni->nj", self.rotation, points - self.centre)
        beyond = off - np.clip(off, -self.size / 2, self.size / 2)
        return np.asarray(np.einsum("nij,nj->ni", self.rotation, beyond))

    def gap_to(self, others: Boxes) -> Float64Array:
        """(N, 3) from each box to the nearest of 27 points of the other one that goes with it."""
        points = others.points()
        off = np.einsum("nij,nki->nkj", self.rotation, points - self.centre[:, None])
        beyond = off - np.clip(off, -self.size[:, None] / 2, self.size[:, None] / 2)
        nearest = np.linalg.norm(beyond, axis=-1).argmin(axis=1)
        return np.asarray(beyond[np.arange(len(beyond)), nearest])

    def points(self) -> Float64Array:
        """(N, 27, 3) the middles of 27 equal parts of each box."""
        steps = INSIDE / INSIDE.max() / 3
        return np.asarray(
            self.centre[:, None]
            + np.einsum("nij,nkj->nki", self.rotation, steps[None] * self.size[:, None])
        )

    def part_in(self, others: Boxes) -> Float64Array:
        """(N,) how much of each box lies in the other one that goes with it."""
        points = self.points()
        off = np.einsum("nij,nki->nkj", others.rotation, points - others.centre[:, None])
        slack = np.maximum(0.1 * others.size, 0.02)
        inside = (np.abs(off) <= others.size[:, None] / 2 + slack[:, None]).all(axis=-1)
        return np.asarray(inside.mean(axis=1))

    def under(self, others: Boxes) -> NDArray[np.bool_]:
        """(N,) whether each box lies close under or over the other one that goes with it.

        As the legs of a table under its top: within what that covers, and no farther from it than
        a part of its longest side.
        """
        points = self.points()
        off = np.abs(np.einsum("nij,nki->nkj", others.rotation, points - others.centre[:, None]))
        beyond = off - others.size[:, None] / 2
        slack = np.maximum(0.1 * others.size, 0.02)[:, None, :2]
        covered = (beyond[..., :2] <= slack).all(axis=-1).mean(axis=1) >= _COVERED
        return np.asarray(covered & (beyond[..., 2].min(axis=1) <= _STACKED * others.longest))


def matches(
    seen: Sequence[Sighting],
    things: Sequence[Remembered],
    track_of: dict[tuple[str, int], int],
) -> Matches:
    """The remembered thing of each sighting.

    Of the same name it must be, and near: within three standard deviations of the box and within
    half of the thing's own size. Another name may be the same thing where one box lies in the
    other and both look alike, or both boxes are one and nobody knows the looks.

    Args:
        seen: of one key frame.
        things: all of the memory.
        track_of: track → number of the thing that it was last.
    """
    found: list[Remembered | None] = [None] * len(seen)
    parts = [False] * len(seen)
    if not seen or not things:
        return Matches(found, parts)
    boxes, known = Boxes.of([one.box for one in seen]), Boxes.of_things(things)
    reach = (boxes.longest[:, None] + known.longest[None]) + 1.0
    near = np.linalg.norm(boxes.centre[:, None] - known.centre[None], axis=-1) <= reach
    i, j = np.nonzero(near)
    if not len(i):
        return Matches(found, parts)
    a, b = boxes.at(i), known.at(j)
    places = np.array([one.place_m for one in seen])[i]
    gap, back = b.gap(places), a.gap(b.centre)
    gap = np.where((_length(back) < _length(gap))[:, None], -back, gap)
    both = np.array([one.covariance_m2 for one in seen])[i]
    both = both + np.array([one.covariance_m2 for one in things])[j]
    distance = (gap * np.linalg.solve(both, gap[..., None])[..., 0]).sum(axis=-1)
    own = np.maximum(_OF_SIZE * np.minimum(a.longest, b.longest), _LEAST_M)
    own = np.maximum(own, _UNSURE * _deviations(things)[j])
    linked = np.array(
        [
            track_of.get(seen[m].track) == things[n].number
            for m, n in zip(i.tolist(), j.tolist(), strict=True)
        ]
    )
    # Who followed it from frame to frame had more to tell it by than one depth.
    wide = np.where(linked, _FOLLOWED, 1.0)
    close = np.flatnonzero((distance <= wide**2 * _GATE) & (_length(gap) <= wide * own))
    i, j, a, b = i[close], j[close], a.at(close), b.at(close)
    distance, linked = distance[close], linked[close]
    same = _same_names([one.name for one in seen], [one.name for one in things])[i, j]
    inside, around = a.part_in(b), b.part_in(a)
    some, of_some = np.unique(j, return_inverse=True)
    alike = _cosines(seen, [things[n] for n in some.tolist()])[i, of_some]
    other = (np.maximum(inside, around) >= _SAME_PLACE) & (alike >= _LIKE)
    other |= (np.minimum(inside, around) >= _SAME_BOX) & ~np.isfinite(alike)
    allowed = np.zeros(near.shape, np.bool_)
    cost = np.zeros(near.shape)
    allowed[i, j] = same | other
    looks = np.where(np.isfinite(alike), 1.0 - alike, _UNKNOWN)
    cost[i, j] = (
        np.minimum(distance / _GATE, 1.0) + 1.0 - np.maximum(inside, around)
        + _OF_LOOKS * looks + _OF_NAME * ~same + _OF_TRACK * ~linked
    )  # fmt: skip
    for row, column in assign(cost, allowed):
        found[row] = things[column]
    # What another piece was taken for already: the piece that something in front cut off.
    part = allowed[i, j] & same & (inside >= _PART)
    for m, n in zip(i[part], j[part], strict=True):
        if found[m] is None:
            found[m], parts[m] = things[n], True
    return Matches(found, parts)


def duplicates(
    things: Sequence[Remembered], among: set[int]
) -> list[tuple[Remembered, Remembered]]:
    """Pairs that are one thing: of one name, and half of the smaller lies in the larger, or it is
    a small piece beside it, as something in front cuts one off, or close under or over it, as the
    legs of a table.

    Args:
        things: all of the memory.
        among: numbers of which one must be in a pair.
    """
    if len(things) < 2:
        return []
    boxes = Boxes.of_things(things)
    rows = np.flatnonzero([one.number in among for one in things])
    mine = boxes.at(rows)
    reach = mine.radius[:, None] + boxes.radius[None]
    reach += np.maximum(_TOUCH_M, _STACKED * np.maximum(mine.longest[:, None], boxes.longest))
    near = _length(mine.centre[:, None] - boxes.centre[None]) <= reach
    i, j = np.nonzero(near)
    i = rows[i]
    names = [name_key(one.name) for one in things]
    once = np.array([
        m != n and names[m] == names[n] and (m < n or things[n].number not in among)
        for m, n in zip(i.tolist(), j.tolist(), strict=True)
    ], np.bool_)  # fmt: skip
    i, j = i[once], j[once]
    a, b = boxes.at(i), boxes.at(j)
    volume = [one.size.clip(0.05).prod(axis=1) for one in (a, b)]
    first = volume[0] <= volume[1]
    part = np.where(first, a.part_in(b), b.part_in(a))
    longest = np.minimum(a.longest, b.longest) / np.maximum(a.longest, b.longest).clip(0.01)
    beside = np.where(first, _length(b.gap_to(a)), _length(a.gap_to(b)))
    one = (part >= _PART) | ((longest <= _SMALL) & (beside <= _TOUCH_M))
    one |= a.under(b) | b.under(a)
    return [(things[m], things[n]) for m, n in zip(i[one], j[one], strict=True)]


def _deviations(things: Sequence[Remembered]) -> Float64Array:
    """(N,) metres, along the axis on which the place is least sure."""
    covariances = np.array([one.covariance_m2 for one in things])
    return np.asarray(np.sqrt(np.trace(covariances, axis1=1, axis2=2)))


def _length(vectors: Float64Array) -> Float64Array:
    return np.asarray(np.linalg.norm(vectors, axis=-1))


def _same_names(rows: Sequence[str], columns: Sequence[str]) -> NDArray[np.bool_]:
    number: dict[str, int] = {}
    of = [[number.setdefault(name_key(n), len(number)) for n in side] for side in (rows, columns)]
    return np.asarray(np.array(of[0])[:, None] == np.array(of[1])[None])


def _cosines(seen: Sequence[Sighting], things: Sequence[Remembered]) -> Float64Array:
    """(N, M) of the sightings and the mean or the best view, whichever is nearer; NaN: unknown."""
    width = max((len(one.feature) for one in seen if one.feature is not None), default=0)
    if not width:
        return np.full((len(seen), len(things)), np.nan)

    def stacked(features: Sequence[NDArray[np.float32] | Feature | None]) -> NDArray[np.float32]:
        table = np.full((len(features), width), np.nan, np.float32)
        for row, feature in zip(table, features, strict=True):
            if feature is not None and len(feature) == width:
                row[:] = feature
        return table

    rows = stacked([one.feature for one in seen])
    mean = rows @ stacked([one.mean_feature for one in things]).T
    best = rows @ stacked([one.best_feature for one in things]).T
    return np.asarray(np.fmax(mean, best), np.float64)
