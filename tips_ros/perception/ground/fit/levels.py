# SPDX-License-Identifier: Apache-2.0
"""The level of floor that the camera is over, where it sees several: a rug, a step, a dock, a ramp.

One plane through two levels leans. Told apart are levels by the camera's height over each
candidate; where the depth is too uneven for that, all is one level. A ramp and the floor that it
meets are told apart by which of two planes each candidate is nearer to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tips_ros.perception.ground.candidates import Candidates
from tips_ros.perception.ground.cells import BoolArray
from tips_ros.perception.ground.plane import Float64Array, Plane
from tips_ros.perception.ground.robust import (
    LEAST_WHITE,
    biweight,
    deviation,
    median,
    normal_terms,
    solve_plane,
    split_terms,
    weighted_quantile,
    white_deviation,
)

HEIGHTS_M = (0.03, 4.0)  # of the camera over a floor
_LOWEST_SHARE = 0.12  # of the candidates have to be at the lowest height that counts
_COARSE_BINS = 60  # of heights
_BIN = 0.012  # of the logarithm of the height
_GAP = 0.15  # of the fullest bin: emptier ones are between levels
LEVEL_SHARE = 0.08  # of all; what has less is none
_STEP_M, _TABLE_M = 0.08, 0.45  # what is lower by more than the one is a drop
_NEAREST = 0.1  # share of a level that tells how near it is
_UNEVEN = 1.3  # of what is between neighbours: a plane that leaves more is not the only one
_SECOND_SHARE = 0.08  # of the floor is in the other plane
_MOST_APART = 0.3  # as a part of the inverse depth; what is farther from both is on neither
_TURNS = 6
_SETTLED = 0.01  # of the candidates change sides
_TOLD_APART = 3.0
_ENOUGH = 400  # candidates tell two planes
_EXPLAINED = 0.95  # of the floor lies in two planes, and there is no need to look for others
_FIRST = math.log(HEIGHTS_M[0])
_COARSE_BOUNDS = np.linspace(_FIRST, math.log(HEIGHTS_M[1]), _COARSE_BINS + 1).tolist()
_BINS = int((math.log(HEIGHTS_M[1]) - _FIRST) / _BIN) + 1


def own_level(
    heights: Float64Array, inverse_depth: Float64Array, weight: Float64Array, labelled: bool
) -> BoolArray | None:
    """(N,) the candidates of the camera's level; None where levels can't be told apart.

    Labelled floor begins at the camera's foot: the nearest level is the one that the robot stands
    on, and another below it is a drop. But what is lower by no more than a step is the floor, and
    a rug lies on it; what is lower by far more is the floor, too: labels are wrong, and the nearest
    is a table. Without labels nothing tells a table from a kerb: then it is the lowest.

    Args:
        heights: of the camera over each candidate, metres.
        inverse_depth: 1 / metres.
        weight: of each.
        labelled: whether labels say what is floor.
    """
    logs = _log_heights(heights)
    bins = ((logs - _FIRST) / _BIN).astype(np.int64)
    counts = np.convolve(np.bincount(bins, weight, _BINS), np.ones(3), "same")
    full = np.concatenate([[False], counts >= _GAP * counts.max(), [False]])
    starts, ends = np.flatnonzero(np.diff(full.astype(np.int8))).reshape(-1, 2).T
    share = np.add.reduceat(np.append(counts, 0.0), np.stack([starts, ends], 1).ravel())[::2]
    heavy = share >= LEVEL_SHARE * counts.sum()
    starts, ends, share = starts[heavy], ends[heavy], share[heavy]
    if starts.size < 2:
        return None
    members = [(bins >= start) & (bins < end) for start, end in zip(starts, ends, strict=True)]
    chosen = len(members) - 1
    if labelled:
        nearness = np.array([
            weighted_quantile(inverse_depth[level], weight[level], 1 - _NEAREST)
            for level in members
        ])  # fmt: skip
        chosen = choose_level(np.exp(_FIRST + _BIN * (starts + ends) / 2), share, nearness)
    return np.asarray(members[chosen], np.bool_)


def choose_level(heights: Float64Array, share: Float64Array, nearness: Float64Array) -> int:
    """The level that the robot stands on, of some in the order of the camera's height over them."""
    chosen = int(nearness.argmax())
    below = heights - heights[chosen]
    for lower in range(len(heights) - 1, chosen, -1):
        is_step = below[lower] < _STEP_M or below[lower] > _TABLE_M
        if is_step and share[lower] > share[chosen] / 4:
            return lower
    return chosen


def lowest_height(heights: Float64Array, weight: Float64Array) -> float:
    """The height of the camera over the lowest plane that enough of the candidates are in."""
    logs = _log_heights(heights)
    bins = ((logs - _FIRST) * (_COARSE_BINS / (_COARSE_BOUNDS[-1] - _FIRST))).astype(np.int64)
    counts = np.bincount(np.minimum(bins, _COARSE_BINS - 1), weight, _COARSE_BINS)
    near = np.convolve(counts, np.ones(5), "same")  # 40 % of the height
    heavy = np.flatnonzero(near >= max(_LOWEST_SHARE * counts.sum(), 1e-9))
    last = int(heavy[-1])
    # From there back to where they crowd most, as long as that is the same heap.
    first = max(0, last - 5)
    top = first + int(near[first : last + 1].argmax())
    inside = logs >= _COARSE_BOUNDS[max(0, top - 2)]
    inside &= logs <= _COARSE_BOUNDS[min(_COARSE_BINS, top + 3)]
    return math.exp(weighted_quantile(logs[inside], weight[inside], 0.5))


def _log_heights(heights: Float64Array) -> Float64Array:
    return np.asarray(np.log(np.minimum(np.maximum(heights, HEIGHTS_M[0]), HEIGHTS_M[1])))


class Sides(NamedTuple):
    """Floor on both sides of where two planes meet.

    Attributes:
        own: (N,) the candidates of either.
        thetas: (2, 3) inverse depth of either along the rays.
    """

    own: tuple[BoolArray, BoolArray]
    thetas: Float64Array


def part_at_ramp(found: Candidates, floor: BoolArray, plane: Plane) -> Sides | None:
    """Either side of where two planes meet; None where one explains all.

    Args:
        found: of a frame.
        floor: (N,) whether each counts.
        plane: through all of them.
    """
    off = above_plane(found, plane)
    floor = floor & (np.abs(off) < 2 * _MOST_APART)
    if np.count_nonzero(floor) < 30:
        return None
    white = white_deviation(off[floor])
    far = np.abs(off) > 4 * white
    strangers = float(np.count_nonzero(far & floor)) / np.count_nonzero(floor)
    if strangers < _SECOND_SHARE and deviation(off[floor], LEAST_WHITE) < _UNEVEN * white:
        return None
    some = np.flatnonzero(floor)
    some = some[:: max(1, some.size // _ENOUGH)]
    rays, inverse = found.rays[some], found.inverse_depth[some]
    weight = found.weight[some] / np.square(inverse)
    best, kept = None, 0
    for start in (far[some], inverse < median(inverse)):
        thetas = _settle(rays, inverse, weight, start, white)
        if thetas is None:
            continue
        planes = [np.maximum(found.rays @ theta, 0.02) for theta in thetas]
        one, other = (np.abs(found.inverse_depth / plane - 1) for plane in planes)
        close = floor & (np.minimum(one, other) < 4 * white)
        count = int(np.count_nonzero(close))
        if count > kept:
            close &= np.abs(planes[0] / planes[1] - 1) > _TOLD_APART * white
            best = Sides((close & (one <= other), close & (other < one)), thetas)
            kept = count
        if count > _EXPLAINED * np.count_nonzero(floor):
            break
    return best


def _settle(
    rays: Float64Array, inverse: Float64Array, weight: Float64Array, start: BoolArray, white: float
) -> Float64Array | None:
    """Two planes through some candidates, from a guess of which are in the second; (2, 3)."""
    products = normal_terms(rays, inverse)
    sides = [~start, start]
    weights = [weight * side for side in sides]
    least = max(_SECOND_SHARE * weight.size, 10)
    for _ in range(_TURNS):
        if min(np.count_nonzero(side) for side in sides) < least:
            return None
        thetas = np.stack([solve_plane(*split_terms(products @ own)) for own in weights])
        planes = np.maximum(thetas @ rays.T, 0.02)
        offs = [np.abs(inverse / plane - 1) for plane in planes]
        # Where the planes meet, noise would choose the side, and each would lean to its choice.
        apart = np.abs(planes[0] / planes[1] - 1) > _TOLD_APART * white
        near = apart & (np.minimum(*offs) < _MOST_APART)
        before, sides = sides, [near & (offs[0] <= offs[1]), near & (offs[1] < offs[0])]
        if np.count_nonzero(before[0] ^ sides[0]) < _SETTLED * weight.size:
            break
        weights = [
            weight * side * biweight(off, max(deviation(off[side], LEAST_WHITE), white))
            for side, off in zip(sides, offs, strict=True)
        ]
    return thetas


def under_camera(
    found: Candidates, planes: Sequence[Plane], sides: Sequence[BoolArray]
) -> int:
    """Chooses the one of two planes that the camera is over: 0 or 1.

    There the upper one is the floor and the other would be within it; but at a crest, where each
    lies below the other as far as that goes on, it is the lower one.
    """
    first = median(above_plane(found, planes[1])[sides[0]])
    second = median(above_plane(found, planes[0])[sides[1]])
    lowest = int(planes[1].height_m > planes[0].height_m)
    return lowest if first < 0 and second < 0 else 1 - lowest


def above_plane(found: Candidates, plane: Plane) -> Float64Array:
    """(N,) how much nearer than the plane each candidate is, as a part of its inverse depth."""
    predicted = found.rays @ np.asarray(plane.up) / -plane.height_m
    return np.asarray((found.inverse_depth - predicted) / np.maximum(predicted, 0.02), np.float64)
