# SPDX-License-Identifier: Apache-2.0
"""One remembered thing: its place, its box, its names and its looks, over all that was seen of it.

Convention: places and boxes are in the memory's frame, metres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.memory.faces import Faces, FaceView, follow
from tips_ros.perception.memory.sighting import Sighting
from tips_ros.perception.regions.oriented_box import OrientedBox

Float64Array = NDArray[np.float64]
Feature = NDArray[np.float16]

MOST_PRESENCE = 4.0  # so many key frames of an empty place are the end of a thing
_FLOOR = 0.2  # of the newest sighting's deviation: errors of depth don't average out
_AGES = 1.05  # of a covariance, with each sighting: places change slowly
_FEATURE_SHARE = 0.05  # of the newest sighting in the mean, once there are twenty
_NAME_SHARE = 0.02  # of a name, below which it is forgotten
_MOST_NAMES = 8
_BETTER = 1.2  # a view is better that is so many times as good
_SOLID_SHARE = 0.3
_MOST_MISSED = 0.5  # of presence, that one look without its name costs
_END = 4.0  # log of how unlikely a look without its name must be to cost all of one


def _corners(steps: NDArray[np.float64]) -> Float64Array:
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)


_BOX_CORNERS = _corners(np.array([-0.5, 0.5]))
INSIDE = _corners(np.array([-0.3, 0.0, 0.3]))  # (27, 3) of a box of size 1
BYTES_BESIDES_FEATURES = 2000  # of a thing in memory, about


@dataclass(eq=False)
class Remembered:
    """One thing of a memory.

    Attributes:
        number: from 1 on; no other thing of this memory has or gets it.
        place_m, covariance_m2: (3,), (3, 3): mean of the sightings' centroids, by 1 / σ².
        rotation: (3, 3) whose columns are the box's axes, those of the best view.
        low_m, high_m: (3,) ends of the box along these axes.
        sigma_m: deviation of depth in the surest view.
        names: class name → how much it was called so.
        mean_feature, best_feature: (D,) unit, of all views and of the best; None where unknown.
        best_quality: of that view.
        hits: key frames that it was seen in.
        first_seen_ns, last_seen_ns: stamps.
        presence: goes down with each key frame that shows its place empty; 0 is the end.
        overlooked: key frames in which nothing was called as it is at its place, although it was
            there, as was found later.
        missed: the same since it was last seen.
        moved: (4, 4) where it lay, in a frame without jumps, → where it would lie now, after those
            since it was last seen; not in files.
        unsure_m: what `covariance_m2` has of that, as a deviation.
        solid: (27,) how surely it is seen at each of the points `INSIDE` its box.
    """

    number: int
    place_m: Float64Array
    covariance_m2: Float64Array
    rotation: Float64Array
    low_m: Float64Array
    high_m: Float64Array
    sigma_m: float
    names: dict[str, float]
    mean_feature: Feature | None
    best_feature: Feature | None
    best_quality: float
    hits: int
    first_seen_ns: int
    last_seen_ns: int
    presence: float = 1.0
    overlooked: int = 0
    missed: int = 0
    moved: Float64Array = field(default_factory=lambda: np.eye(4))
    unsure_m: float = 0.0
    solid: NDArray[np.float32] = field(default_factory=lambda: np.ones(27, np.float32))

    @classmethod
    def of(cls, number: int, one: Sighting) -> Remembered:
        """A thing seen for the first time."""
        low, high = _along(one.box.rotation, _corners_of(one.box))
        feature = None if one.feature is None else one.feature.astype(np.float16)
        return cls(
            number, one.place_m, one.covariance_m2, one.box.rotation, low, high, one.sigma_m,
            {one.name: _said(one)}, feature, feature, one.quality, 1, one.stamp_ns, one.stamp_ns,
        )  # fmt: skip

    @property
    def name(self) -> str:
        """The name that it was called by most."""
        return max(self.names, key=lambda name: self.names[name])

    @property
    def centre_m(self) -> Float64Array:
        """(3,) the middle of its box."""
        return np.asarray(self.rotation @ ((self.low_m + self.high_m) / 2))

    @property
    def size_m(self) -> Float64Array:
        """(3,) along the axes of `rotation`."""
        return self.high_m - self.low_m

    @property
    def faces(self) -> Faces:
        """Those of its box, along the axes of `rotation`."""
        return Faces(self.low_m, self.high_m)

    @property
    def box(self) -> OrientedBox:
        """Its box."""
        return OrientedBox(self.centre_m, self.rotation, self.size_m).in_frame(np.eye(4))

    def meet(self, one: Sighting) -> None:
        """Moves to where a sighting has it, and takes its axes where it is a better view.

        After a jump of the frame its box goes with the jump, where it is seen nearer to there.
        """
        self._follow_jump(one)
        prior = _AGES * self.covariance_m2
        gain = prior @ np.linalg.inv(prior + one.covariance_m2)
        self.place_m = self.place_m + gain @ (one.place_m - self.place_m)
        left = (np.eye(3) - gain) @ prior
        self.covariance_m2 = (left + left.T) / 2 + _FLOOR**2 * one.covariance_m2
        if one.quality > self.best_quality * _BETTER:
            self._take_axes(one.box.rotation)

    def see(self, one: Sighting, faces: FaceView) -> None:
        """Takes in a sighting that was met, and what it tells of the faces of the box."""
        self.sigma_m = min(self.sigma_m, one.sigma_m)
        sure = min(1.0, (self.sigma_m / max(one.sigma_m, 1e-6)) ** 2)
        self.low_m, self.high_m = follow(self.faces, faces, sure, self.hits)
        self._name(one)
        self._look_like(one)
        self.hits += 1
        self.last_seen_ns = one.stamp_ns
        self.presence = min(self.presence + 1.0, MOST_PRESENCE)
        self.overlooked, self.missed = self.overlooked + self.missed, 0

    def jump(self, motion: Float64Array) -> None:
        """Stays where it is, less surely by as much as a jump of the frame would move it.

        A jump back makes it as sure as before.

        Args:
            motion: (4, 4) of what is known by odometry.
        """
        self.moved = motion @ self.moved
        off_m = self.moved[:3, :3] @ self.place_m + self.moved[:3, 3] - self.place_m
        now_m = float(np.linalg.norm(off_m))
        self.covariance_m2 = self.covariance_m2 + (now_m**2 - self.unsure_m**2) * np.eye(3)
        self.unsure_m = now_m

    def miss(self, share: float = 1.0) -> None:
        """Counts that nothing at its place is called as it is, by how seldom that happens to it.

        Args:
            share: how much of its place was seen.
        """
        self.missed += 1
        overlooks = (self.overlooked + 1) / (self.hits + self.overlooked + 2)
        self.presence -= share * min(_MOST_MISSED, -math.log(overlooks) / _END)

    def note_solid(self, known: NDArray[np.bool_], seen: NDArray[np.bool_]) -> None:
        """Learns at which of its points it is seen, where that is known; (27,) each."""
        step = _SOLID_SHARE * known * (seen - self.solid)
        self.solid = (self.solid + step).astype(np.float32)

    def absorb(self, other: Remembered) -> None:
        """Takes in another memory of the same thing."""
        both = np.linalg.inv(self.covariance_m2 + other.covariance_m2)
        gain = self.covariance_m2 @ both
        self.place_m = self.place_m + gain @ (other.place_m - self.place_m)
        left = (np.eye(3) - gain) @ self.covariance_m2
        self.covariance_m2 = (left + left.T) / 2
        if other.best_quality > self.best_quality:
            self._take_axes(other.rotation)
        its = other.faces.turn(other.rotation, self.rotation)
        self.low_m, self.high_m = self.faces.around(its)
        self.sigma_m = min(self.sigma_m, other.sigma_m)
        self.moved, self.unsure_m = np.eye(4), 0.0  # one of them is seen now
        for name, said in other.names.items():
            self.names[name] = self.names.get(name, 0.0) + said
        if other.mean_feature is not None:
            share = other.hits / (self.hits + other.hits)
            self.mean_feature = _mix_features(self.mean_feature, other.mean_feature, share)
        if other.best_feature is not None and (
            self.best_feature is None or other.best_quality > self.best_quality
        ):
            self.best_feature, self.best_quality = other.best_feature, other.best_quality
        self.hits += other.hits
        self.overlooked += other.overlooked
        self.missed = min(self.missed, other.missed)
        self.first_seen_ns = min(self.first_seen_ns, other.first_seen_ns)
        self.last_seen_ns = max(self.last_seen_ns, other.last_seen_ns)
        self.presence = max(self.presence, other.presence)

    def _name(self, one: Sighting) -> None:
        self.names[one.name] = self.names.get(one.name, 0.0) + _said(one)
        if len(self.names) > _MOST_NAMES:
            least = _NAME_SHARE * sum(self.names.values())
            kept = sorted(self.names.items(), key=lambda item: -item[1])[:_MOST_NAMES]
            self.names = {name: said for name, said in kept if said >= least or said == kept[0][1]}

    def _look_like(self, one: Sighting) -> None:
        if one.feature is not None:
            share = max(1.0 / (self.hits + 1), _FEATURE_SHARE)
            self.mean_feature = _mix_features(self.mean_feature, one.feature, share)
        if one.quality <= self.best_quality * _BETTER:
            return
        self.best_quality = one.quality
        if one.feature is not None:
            self.best_feature = one.feature.astype(np.float16)

    def _follow_jump(self, one: Sighting) -> None:
        step = self.moved[:3, :3] @ self.place_m + self.moved[:3, 3] - self.place_m
        off = one.place_m - self.place_m
        if np.linalg.norm(off - step) < np.linalg.norm(off):
            shift = self.rotation.T @ step
            self.low_m, self.high_m = self.low_m + shift, self.high_m + shift
        self.moved, self.unsure_m = np.eye(4), 0.0

    def _take_axes(self, rotation: Float64Array) -> None:
        self.low_m, self.high_m = self.faces.turn(self.rotation, rotation)
        self.rotation = rotation


def _mix_features(
    before: Feature | None, now: NDArray[np.float32] | Feature, share: float
) -> Feature:
    """A running mean of unit vectors; what is of another width begins anew."""
    new = now.astype(np.float32)
    if before is not None and before.shape == new.shape:
        new = (1 - share) * before.astype(np.float32) + share * new
    return (new / max(float(np.linalg.norm(new)), 1e-12)).astype(np.float16)


def _said(one: Sighting) -> float:
    """The weight with which a sighting calls a thing by its name."""
    return 1.0 if np.isnan(one.score) else 0.1 + one.score


def _corners_of(box: OrientedBox) -> Float64Array:
    """(8, 3) in the frame of the box."""
    return np.asarray(box.centre_m + (_BOX_CORNERS * box.size_m) @ box.rotation.T)


def _along(rotation: Float64Array, points: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Least and greatest of points along axes."""
    along = points @ rotation
    return along.min(axis=0), along.max(axis=0)
