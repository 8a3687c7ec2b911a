# SPDX-License-Identifier: Apache-2.0
"""One plane through what may be floor, by the depth and by whoever else knows up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.candidates import Candidates
from tips_ros.perception.ground.cells import BoolArray
from tips_ros.perception.ground.fit.levels import HEIGHTS_M, lowest_height
from tips_ros.perception.ground.plane import Float64Array, Plane
from tips_ros.perception.ground.robust import (
    biweight,
    clustered_variance,
    deviation,
    normal_terms,
    solve_plane,
    split_terms,
)

LEAST_CELLS = 150.0  # by weight: about a hundredth of the picture
_LEAST_NOISE = 0.004
_MOST_NOISE = 0.25
_MOST_UNEVEN = 0.17  # a table would be within the noise
TURNS = 4
_TURNS_FROM_NEAR = 2
_LEAST_INLIERS = 0.35
_LEAST_FALL = 0.02  # 1 / metres; a ray that meets the plane farther away tells nothing


@dataclass(frozen=True)
class FloorFit:
    """The floor that one frame shows.

    Attributes:
        plane: of the floor.
        up_stddev_deg: how far off its direction may be.
        height_stddev: how far off its height may be, as a part of it.
        residual: deviation of the floor's depth from the plane, as a part of it.
        inliers: candidates that fit it.
        samples: candidates.
        level: (N,) the candidates of the camera's level; None where there is no other.
        rise: (N,) each candidate's inverse depth as a multiple of what it would be on that level,
            where the others are parallel to it; then `level` has those, too. None elsewhere.
    """

    plane: Plane
    up_stddev_deg: float
    height_stddev: float
    residual: float
    inliers: int
    samples: int
    level: BoolArray | None = None
    rise: Float64Array | None = None


def fit_plane(
    found: Candidates,
    own: Float64Array,
    known: tuple[Float64Array, float],
    block: NDArray[np.int64],
    start: Float64Array | None = None,
    turns: int = _TURNS_FROM_NEAR,
) -> FloorFit | str:
    """The plane through the candidates by their own weight, or why there is none.

    Args:
        found: of one frame.
        own: (N,) weights; 0 for those that don't count.
        known: up and its deviation in degrees, by all but the depth.
        block: (N,) number of the square that each is in.
        start: (3,) inverse depth along the rays, where it is nearly known.
        turns: from there.
    """
    (vector, known_sd), members, total = known, own > 0, float(own.sum())
    if start is None:
        heights = -(found.rays[members] @ vector) / found.inverse_depth[members]
        theta = -vector / lowest_height(heights, own[members])
    else:
        theta = start
    prior = (np.eye(3) - vector[:, None] * vector) / math.radians(known_sd) ** 2
    noise = 0.1
    # Relative noise: a row counts by the inverse of the depth that the plane gives it.
    even = own / np.square(found.unevenness)
    terms = normal_terms(found.rays, found.inverse_depth)
    counted = members
    for turn in range(TURNS if start is None else turns):
        predicted = found.rays @ theta
        below = predicted > _LEAST_FALL
        np.maximum(predicted, _LEAST_FALL, out=predicted)
        residual = found.inverse_depth / predicted
        residual -= 1
        if turn or start is not None:
            off = np.abs(residual)
            noise = min(deviation(off[counted & (off < 3 * noise)], _LEAST_NOISE), _MOST_NOISE)
        trust = biweight(residual, noise)
        trust *= below
        kept = own * trust
        counted = kept > 0
        if float(kept.sum()) < LEAST_CELLS / 4:
            return "nothing fits a floor"
        trust *= even
        predicted *= predicted
        trust /= predicted
        normal, wanted = split_terms(terms @ trust)
        variance = clustered_variance(residual, kept, noise, block)
        both = normal / variance + prior / float(theta @ theta)
        theta = solve_plane(both, wanted / variance)
        if not theta @ vector < 0:
            return "nothing fits a floor"
    covariance = np.linalg.inv(both)
    size = math.sqrt(theta @ theta)
    height, direction = 1.0 / size, -theta / size
    predicted = found.rays @ theta
    fits = np.abs(found.inverse_depth - predicted) < 3 * noise * predicted
    fits &= predicted > _LEAST_FALL
    share = float(own[fits].sum()) / total
    if share < _LEAST_INLIERS:
        return f"only {100 * share:.0f} % of what looks like floor lies in one plane"
    if noise > _MOST_UNEVEN:
        return f"what looks like floor is uneven by {100 * noise:.0f} % of its depth"
    if not HEIGHTS_M[0] < height < HEIGHTS_M[1]:
        return f"what looks like floor is {height:.2f} m below the camera"
    along = float(direction @ covariance @ direction)
    across = (float(covariance.trace()) - along) / 2
    return FloorFit(
        Plane.of(direction, height),
        math.degrees(math.sqrt(max(across, 0.0)) / size),
        math.sqrt(max(along, 0.0)) / size,
        noise,
        int(np.count_nonzero(fits & members)),
        int(found.at.size),
    )
