# SPDX-License-Identifier: Apache-2.0
"""One thing over time: its place, its looks, and what it was called."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.objects.instances import Instance

Float64Array = NDArray[np.float64]

_FORGETS = 0.97  # of earlier names, with each frame
_FEATURE_SHARE = 0.1  # of the newest frame, once there are ten
_THING_MPS, _CAMERA_MPS = 0.2, 0.7  # how fast a thing, and one seen from who knows where, moves
_POSE_M, _POSE_RAD = 0.02, 0.017  # how far off tf may be from one frame to the next
_MOST_M = 0.6  # that is added to a place by waiting
_FLOOR = 0.2  # of the newest place's deviation: errors of depth don't average out


@dataclass(frozen=True, eq=False)
class Place:
    """A thing's place, with its covariance (3, 3); `world_id` is "" for the camera's own frame."""

    position_m: Float64Array
    covariance_m2: Float64Array
    world_id: str = ""

    def in_world(self, world_from_camera: Float64Array, world_id: str) -> Place:
        """A place of the camera's frame in the world, as sure as poses of robots are."""
        turn = world_from_camera[:3, :3]
        spread = _POSE_M**2 + _POSE_RAD**2 * float(self.position_m @ self.position_m)
        return Place(
            turn @ self.position_m + world_from_camera[:3, 3],
            turn @ self.covariance_m2 @ turn.T + spread * np.eye(3),
            world_id,
        )

    def later(self, seconds: float) -> Place:
        """The same place after some time in which nobody looked."""
        speed = _THING_MPS if self.world_id else _CAMERA_MPS
        grown = min(speed * seconds, _MOST_M) ** 2 * np.eye(3)
        return Place(self.position_m, self.covariance_m2 + grown, self.world_id)


@dataclass(eq=False)
class Track:
    """A thing that is followed; `id` is 0 until it was seen often enough.

    Attributes:
        camera_place, world_place: when it was seen last; None where unknown.
        names: class name → how much it was called so.
        feature: (D,) unit, the running mean; None where never known.
        hits: frames it was seen in.
        misses: frames since then.
        first_seen_ns, last_seen_ns: stamps.
        unseen_s: for how long it has been looked for in vain where it should be.
    """

    first_seen_ns: int
    last_seen_ns: int = 0
    id: int = 0
    camera_place: Place | None = None
    world_place: Place | None = None
    names: dict[str, float] = field(default_factory=dict)
    feature: NDArray[np.float32] | None = None
    hits: int = 0
    misses: int = 0
    unseen_s: float = 0.0

    @property
    def name(self) -> str:
        """The name that it was called by most."""
        return max(self.names, key=lambda name: self.names[name])

    def see(
        self, one: Instance, stamp_ns: int, camera_place: Place | None, world_place: Place | None
    ) -> None:
        """Takes in what a frame shows of it."""
        waited = max(stamp_ns - self.last_seen_ns, 0) * 1e-9 if self.hits else 0.0
        self.camera_place = _moved_on(self.camera_place, camera_place, waited)
        self.world_place = _moved_on(self.world_place, world_place, waited)
        for name in self.names:
            self.names[name] *= _FORGETS
        score = one.region.score
        said = 1.0 if np.isnan(score) else 0.1 + score
        self.names[one.class_name] = self.names.get(one.class_name, 0.0) + said
        if one.feature is not None:
            share = max(1.0 / (self.hits + 1), _FEATURE_SHARE)
            before = self.feature
            if before is None or before.shape != one.feature.shape:
                before = one.feature
            mean = (1 - share) * before + share * one.feature
            self.feature = np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)
        self.hits += 1
        self.misses, self.unseen_s, self.last_seen_ns = 0, 0.0, stamp_ns


def _moved_on(before: Place | None, now: Place | None, waited_s: float) -> Place | None:
    """The place, both weighed by how sure they are."""
    if now is None or before is None or before.world_id != now.world_id:
        return now
    if not now.world_id:
        return now  # the camera may have moved by anything
    prior = before.later(waited_s)
    gain = prior.covariance_m2 @ np.linalg.inv(prior.covariance_m2 + now.covariance_m2)
    position = prior.position_m + gain @ (now.position_m - prior.position_m)
    left = (np.eye(3) - gain) @ prior.covariance_m2
    return Place(position, (left + left.T) / 2 + _FLOOR**2 * now.covariance_m2, now.world_id)
