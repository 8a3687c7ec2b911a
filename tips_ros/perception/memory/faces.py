# SPDX-License-Identifier: Apache-2.0
"""The faces of a remembered thing's box, and how one view moves them.

A face goes out to where the thing is seen, and comes back only as far as what lay between is seen
to be empty: what is hidden, cut off by the picture's border or turned away stays as it was.

Convention: faces are told along the axes of a box, metres from the frame's origin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_FOLLOWS = 0.3  # how far a face follows what is seen of it, beyond noise
_NOISE_SHARE = 0.1  # and within it, where seeing is no proof
_EMPTY = 0.35  # what of the space between must be seen to be empty
_OUTLIERS = 0.01  # of a thing's points, at each end
_NOISE_FILLS = 3.0  # deviations of depth, from the nearest point of a box to the farthest
_LEAST_LEFT = 0.4

Float64Array = NDArray[np.float64]

_FACES = np.concatenate([0.5 * np.eye(3), -0.5 * np.eye(3)])


class Faces(NamedTuple):
    """The six faces of a box, along its axes."""

    low_m: Float64Array  # (3,)
    high_m: Float64Array  # (3,)

    def turn(self, rotation: Float64Array, other: Float64Array) -> Faces:
        """Faces of the same box along other axes: as far as the middles of these reach.

        Corners reach farther, and each turn would make the box larger.

        Args:
            rotation: (3, 3) whose columns are the axes of these.
            other: (3, 3) whose columns are the others.
        """
        middle = rotation @ ((self.low_m + self.high_m) / 2)
        points = middle + (_FACES * (self.high_m - self.low_m)) @ rotation.T
        along = points @ other
        return Faces(along.min(axis=0), along.max(axis=0))

    def around(self, other: Faces) -> Faces:
        """Faces of the box around both, along the same axes."""
        return Faces(np.minimum(self.low_m, other.low_m), np.maximum(self.high_m, other.high_m))


class FaceView(NamedTuple):
    """Evidence of one view about the faces of a box.

    Attributes:
        seen: how far the thing is seen to reach.
        noise_m: (3,) what that may be off by, along each axis.
        empty_low, empty_high: (3,) what part of the space from where it is seen to end to where
            the box does is seen to be empty, 0 to 1.
    """

    seen: Faces
    noise_m: Float64Array
    empty_low: Float64Array
    empty_high: Float64Array


def reach(
    points_m: NDArray[np.float32] | Float64Array,
    rotation: Float64Array,
    ray: Float64Array,
    sigma_m: float,
) -> Faces:
    """The ends of points along axes, without outliers and without the noise of their depth.

    Args:
        points_m: (N, 3) of a thing's surface.
        rotation: (3, 3) whose columns are the axes.
        ray: (3,) how a point moves with a metre of depth.
        sigma_m: deviation of depth.
    """
    low, high = np.quantile(points_m @ rotation, (_OUTLIERS, 1 - _OUTLIERS), axis=0)
    noise = _NOISE_FILLS * sigma_m * np.abs(ray @ rotation)
    size = high - low
    half = np.sqrt(np.maximum(size**2 - noise**2, (_LEAST_LEFT * size) ** 2)) / 2
    middle = (low + high) / 2
    return Faces(middle - half, middle + half)


def follow(faces: Faces, view: FaceView, sure: float, hits: int) -> Faces:
    """The faces after a view.

    Args:
        faces: before it.
        view: what it tells.
        sure: 0 to 1, how sure its depth is beside the surest.
        hits: views that the thing had before.
    """
    share = max(_FOLLOWS, 1.0 / (hits + 1)) * sure
    within = max(_NOISE_SHARE, 0.5 / (hits + 1)) * sure

    def moved(out_m: Float64Array, empty: Float64Array) -> Float64Array:
        """(3,) the step of each face outwards, of `out_m`."""
        noisy = np.abs(out_m) <= view.noise_m
        proven = np.where(empty >= _EMPTY, empty, 0.0)
        gain = np.where(out_m > 0, share, share * proven)
        return np.where(noisy, np.where((out_m > 0) | (empty > 0), within, 0.0), gain) * out_m

    low = faces.low_m - moved(faces.low_m - view.seen.low_m, view.empty_low)
    high = faces.high_m + moved(view.seen.high_m - faces.high_m, view.empty_high)
    return Faces(np.minimum(low, high), np.maximum(low, high))  # thin ones pass by each other
