# SPDX-License-Identifier: Apache-2.0
"""Floor on parallel levels that labels tell apart: a rug on a floor, pavement beside a road.

Each connected piece of a class is as high as it is, and all have one direction. So even a step that
is within the noise of a cell does not lean the plane, and tells nothing wrong of its height.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.candidates import LEAST_PIECE, Candidates
from tips_ros.perception.ground.cells import BoolArray
from tips_ros.perception.ground.fit.levels import LEVEL_SHARE, choose_level
from tips_ros.perception.ground.plane import Float64Array
from tips_ros.perception.ground.robust import (
    biweight,
    deviation,
    heap_variance,
    weighted_quantile,
    white_deviation,
)

_SURE = 0.03  # depth that is more uneven tells no levels: a network's is bent by itself
_UNEVEN = 1.3  # of what is between neighbours: levels that leave more explain nothing
_WHITE_ENOUGH = 2.0  # times the variance of white noise in the means of squares
_HOPELESS = 2.0  # and what leaves so much is no matter of levels
_MOST_APART = 0.3  # as a part of the inverse depth; what is farther from the plane is on no level
_EXPECTED = 0.1  # of a piece over the others, as a part of the inverse depth
_SAME = 0.002  # what lies apart by less is one level
_STANDS_OUT = 2.5  # deviations; more than a few do so only where a piece has two levels
_NEAREST = 0.1  # share of a level that tells how near it is
_TURNS = 3


class Steps(NamedTuple):
    """Floor on parallel levels.

    Attributes:
        rise: (N,) each candidate's inverse depth as a multiple of what it is on the own level.
        members: (N,) those of any level.
        theta: (3,) inverse depth of the own level along the rays.
    """

    rise: Float64Array
    members: BoolArray
    theta: Float64Array


class Levels(NamedTuple):
    """A plane, and how far each piece (K,) is above it as a part of the inverse depth."""

    theta: Float64Array
    rises: Float64Array
    unsure: Float64Array  # deviation of each rise
    noise: float  # of what is left


def find_steps(
    found: Candidates,
    floor: BoolArray,
    theta: Float64Array,
    block: NDArray[np.int64],
    most_heaps: float = _WHITE_ENOUGH,
) -> Steps | None:
    """The levels of the floor; None where all is one plane, or levels do not explain it.

    Args:
        found: of a frame.
        floor: (N,) whether each counts.
        theta: (3,) inverse depth along the rays of about the lowest of them.
        block: (N,) number of the square that each is in.
        most_heaps: variance of the means of squares that may be left, times that of white noise.
    """
    if found.piece is None:
        return None
    off = found.inverse_depth / np.maximum(found.rays @ theta, 0.02) - 1
    members = floor & (found.piece > 0) & (np.abs(off) < _MOST_APART)
    if np.count_nonzero(members) < LEAST_PIECE:
        return None
    white = white_deviation(off[members])
    at = np.flatnonzero(members)
    rays, inverse, weight = found.rays.T[:, at].T, found.inverse_depth[at], found.weight[at]
    piece = _renumber(found.piece[at])
    solved = solve_levels(rays, inverse, weight, piece, theta, white)
    if solved.noise > min(_HOPELESS * white, _SURE):
        return None
    # One rug on another is one piece of a class, and two levels.
    part = inverse / (rays @ solved.theta * (1 + solved.rises[piece])) - 1
    parted = _split(piece, part > _STANDS_OUT * solved.noise)
    if parted is not None:
        piece = parted
        solved = solve_levels(rays, inverse, weight, piece, solved.theta, white)
    if solved.noise > _UNEVEN * white:
        return None
    # What is left of a network's depth lies in heaps.
    part = inverse / (rays @ solved.theta * (1 + solved.rises[piece])) - 1
    if heap_variance(part, weight * biweight(part, solved.noise), block[members]) > most_heaps:
        return None
    told = bool(found.labelled.any())
    own = _own_pieces(solved, inverse, weight, piece, told)
    if own.all():
        return None
    share = np.bincount(piece, weight)
    base = 1 + float(solved.rises[own] @ share[own]) / float(share[own].sum())
    rise = np.ones(found.at.size)
    rise[members] = ((1 + solved.rises) / base)[piece]
    return Steps(rise, members, solved.theta * base)


def solve_levels(
    rays: Float64Array,
    inverse: Float64Array,
    weight: Float64Array,
    piece: NDArray[np.int64],
    theta: Float64Array,
    white: float,
    turns: int = _TURNS,
) -> Levels:
    """One direction for all pieces and a height for each: that of the largest, and their rises.

    Args:
        rays, inverse, weight, piece: (N,) of the candidates.
        theta: (3,) inverse depth along the rays, nearly.
        white: the least deviation.
        turns: of weights by what is left.
    """
    share = np.bincount(piece, weight)
    largest = int(share.argmax())
    terms = np.zeros((3 + share.size, piece.size))
    terms[3 + piece, np.arange(piece.size)] = 1.0
    terms[3 + largest] = 0.0
    ridge = np.array([1e-9] * 3 + [_EXPECTED**-2] * share.size)
    ratio = inverse / np.maximum(rays @ theta, 0.02)
    rises: Float64Array = np.bincount(piece, weight * ratio) / np.maximum(share, 1e-9) - 1
    for _ in range(turns):
        predicted = np.maximum(rays @ theta, 0.02)
        ratio = inverse / predicted
        part = ratio / (1 + rises)[piece] - 1
        noise = max(deviation(part, white), white)
        np.divide(rays.T, predicted, out=terms[:3])
        kept = biweight(part, noise)
        kept *= weight
        kept /= noise**2
        scaled = terms * kept
        both = scaled @ terms.T
        both.flat[:: both.shape[0] + 1] += ridge
        change = np.linalg.solve(both, scaled @ (ratio - 1))
        theta, rises = theta + change[:3], np.asarray(change[3:], np.float64)
    unsure = np.sqrt(np.linalg.inv(both).diagonal()[3:])
    unsure[largest] = 0.0  # the rises are over it
    part = inverse / (np.maximum(rays @ theta, 0.02) * (1 + rises)[piece]) - 1
    return Levels(theta, rises, unsure, max(deviation(part, white), white))


def _split(piece: NDArray[np.int64], apart: BoolArray) -> NDArray[np.int64] | None:
    """(N,) numbers of the pieces, what is apart from its own being one, too; None where none is."""
    count = int(piece.max()) + 1
    apart = apart & (np.bincount(piece[apart], minlength=count)[piece] >= LEAST_PIECE)
    if not apart.any():
        return None
    return _renumber(np.where(apart, piece + count, piece))


def _renumber(piece: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) the same pieces in the same order, numbered from 0 without a gap."""
    is_used = np.bincount(piece) > 0
    return np.asarray((np.cumsum(is_used) - 1)[piece], np.int64)


def _own_pieces(
    solved: Levels,
    inverse: Float64Array,
    weight: Float64Array,
    piece: NDArray[np.int64],
    labelled: bool,
) -> BoolArray:
    """(K,) the pieces of the level that the camera is over; the others are higher, or drops."""
    rises, unsure, share = solved.rises, solved.unsure, np.bincount(piece, weight)
    level = np.full(rises.size, -1)
    heavy: list[int] = []
    for one in np.argsort(-share, kind="stable").tolist():
        if level[one] < 0:
            same = np.abs(rises - rises[one]) < np.maximum(_SAME, 3 * np.hypot(unsure, unsure[one]))
            level[same & (level < 0)] = len(heavy)
            heavy.append(one)
    heights = 1 / (float(np.linalg.norm(solved.theta)) * (1 + rises[heavy]))
    order = np.argsort(heights, kind="stable")
    shares = np.bincount(level, share).astype(np.float64)[order]
    if not labelled:  # nothing tells the top of a thing from the floor
        chosen = int(np.flatnonzero(shares >= min(LEVEL_SHARE * shares.sum(), shares.max()))[-1])
        return np.asarray(level == order[chosen], np.bool_)
    levels = level[piece]
    nearness = np.array([
        weighted_quantile(inverse[levels == one], weight[levels == one], 1 - _NEAREST)
        for one in order
    ])  # fmt: skip
    chosen = choose_level(heights[order], shares, nearness)
    return np.asarray(level == order[chosen], np.bool_)
