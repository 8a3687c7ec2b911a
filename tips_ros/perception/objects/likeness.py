# SPDX-License-Identifier: Apache-2.0
"""Likeness of the things of a frame and those of before: by region, place, looks and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.objects.instances import FrameInstances, Instance
from tips_ros.perception.objects.track import Place, Track

_GATE = 9.0  # squared Mahalanobis distance: three standard deviations
_TOUCHES, _COVERS, _IS_SAME = 0.05, 0.3, 0.5  # intersection over union
_OF_PLACE, _OF_LOOKS, _OF_NAME = 0.5, 1.0, 0.5  # weights beside that of the region, which is 1
_UNKNOWN = 0.5  # what counts for what is not known
_FAR, _FAR_M = 1e9, 3.0  # what is farther is far by any measure


class Likeness(NamedTuple):
    """Tracks (rows) and things (columns)."""

    cost: NDArray[np.float64]
    allowed: NDArray[np.bool_]


def likeness(
    tracks: Sequence[Track],
    shown: FrameInstances,
    places: Sequence[tuple[Place | None, Place | None]],
    overlaps: Mapping[tuple[int, int], float],
    stamp_ns: int,
) -> Likeness:
    """Costs of all pairs, and which may be at all.

    A thing of the same class may be a track's if their regions overlap or it is within 3 σ of its
    place; without a place the regions decide. Where the regions cover each other well, the class
    and the place may be others: labels and depth flicker, things stay.

    Args:
        tracks: of before.
        shown: the things of now.
        places: of each, in the camera's frame and in the world.
        overlaps: (track, thing) → intersection over union, where there is any.
        stamp_ns: of now.
    """
    shape = len(tracks), len(shown.found)
    overlap = np.zeros(shape)
    for (i, j), value in overlaps.items():
        overlap[i, j] = value
    names = np.array([track.name for track in tracks], object)[:, None]
    same = names == np.array([one.class_name for one in shown.found], object)[None, :]
    distance = _distances(tracks, places, stamp_ns)
    near, known = distance <= _GATE, np.isfinite(distance)
    likely = same & (np.where(known, near, overlap > _TOUCHES) | (overlap >= _COVERS))
    allowed = likely | (overlap >= _IS_SAME)
    cost = 1.0 - overlap + _OF_NAME * ~same.astype(np.bool_)
    cost += _OF_PLACE * np.where(known, np.minimum(distance / _GATE, 1.0), _UNKNOWN)
    cost += _OF_LOOKS * (1.0 - _cosines(tracks, shown.found))
    return Likeness(cost, np.asarray(allowed, np.bool_))


def _distances(
    tracks: Sequence[Track],
    places: Sequence[tuple[Place | None, Place | None]],
    stamp_ns: int,
) -> NDArray[np.float64]:
    """(N, M) squared Mahalanobis distances; +Inf where a place is not known.

    In the world where both places are known there, else as the camera sees them.
    """
    waited = [max(stamp_ns - track.last_seen_ns, 0) * 1e-9 for track in tracks]
    in_camera = _Places.of(
        [t.camera_place and t.camera_place.later(w) for t, w in zip(tracks, waited, strict=True)]
    ).distances(_Places.of([camera for camera, _ in places]))
    in_world = _Places.of(
        [t.world_place and t.world_place.later(w) for t, w in zip(tracks, waited, strict=True)]
    ).distances(_Places.of([world for _, world in places]))
    return np.where(np.isfinite(in_world), in_world, in_camera)


class _Places(NamedTuple):
    position: NDArray[np.float64]  # (N, 3), NaN where unknown
    covariance: NDArray[np.float64]  # (N, 3, 3)
    world: NDArray[np.object_]  # (N,)

    @classmethod
    def of(cls, places: Sequence[Place | None]) -> _Places:
        nowhere = Place(np.full(3, np.nan), np.eye(3))
        every = [place or nowhere for place in places]
        return cls(
            np.array([place.position_m for place in every]).reshape(-1, 3),
            np.array([place.covariance_m2 for place in every]).reshape(-1, 3, 3),
            np.array([place.world_id for place in every], object),
        )

    def distances(self, others: _Places) -> NDArray[np.float64]:
        off = self.position[:, None] - others.position[None]
        known = np.isfinite(off).all(axis=-1)
        known &= (self.world[:, None] == others.world[None]).astype(np.bool_)
        found = np.where(known, _FAR, np.inf)
        i, j = np.nonzero(known & (np.nan_to_num(np.abs(off)).max(axis=-1) < _FAR_M))
        both = self.covariance[i] + others.covariance[j]
        step = off[i, j]
        found[i, j] = (step * np.linalg.solve(both, step[..., None])[..., 0]).sum(axis=-1)
        return found


def _cosines(tracks: Sequence[Track], shown: Sequence[Instance]) -> NDArray[np.float64]:
    """(N, M); what is not known is halfway."""
    width = max((len(one.feature) for one in shown if one.feature is not None), default=1)

    def stacked(features: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float64]:
        rows = [np.full(width, np.nan) if f is None or len(f) != width else f for f in features]
        return np.array(rows, np.float64).reshape(-1, width)

    found = stacked([t.feature for t in tracks]) @ stacked([one.feature for one in shown]).T
    return np.where(np.isfinite(found), found, 1.0 - _UNKNOWN)
