# SPDX-License-Identifier: Apache-2.0
"""Pieces of floor on parallel levels that no label tells apart: a rug, where all is "floor".

Cell by cell a thin rug is within the noise, the mean of many cells is not. So what may be floor is
parted at the middle between two levels, both get one direction, and so on until none changes sides.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.candidates import LEAST_PIECE, Candidates
from tips_ros.perception.ground.cells import BoolArray, Cells, Float32Array, only
from tips_ros.perception.ground.fit.steps import solve_levels
from tips_ros.perception.ground.plane import Float64Array
from tips_ros.perception.ground.robust import biweight, heap_variance, median

_SIDE = 2  # cells of a square
_SPAN = 3  # squares of a side whose mean tells the level
_LEAST_SHARE = 0.1  # of them may be floor: one
_ENOUGH = 500  # candidates tell the levels
_NO_HEAPS = 1.2  # variance of the means of cells as of white noise: there is nothing more to part
_MOST_APART = 0.3  # as a part of the inverse depth; what is farther from the plane is on no level
_STARTS = (0.3, 0.7)  # shares of the floor that may be the lower level
_TURNS = 3
_FEWEST = 12  # candidates on a level
_SETTLED = 0.01  # of the candidates change sides


class _Smooth:
    """The mean departure of the floor from a plane, about each of so many cells in a square."""

    def __init__(self, cells: Cells, found: Candidates) -> None:
        rows, columns = (count // _SIDE for count in cells.shape)
        whole = (slice(rows * _SIDE), slice(columns * _SIDE))
        possible = found.possible[whole]
        share = _shrink(possible.astype(np.float32))
        self.possible = share > 0.5
        self._rays = [_shrink(cells.rays[(*whole, axis)]) for axis in range(2)]
        for ray in self._rays:  # none falls on a part of a square at the border of a fisheye's view
            self.possible &= np.isfinite(ray)
        with np.errstate(invalid="ignore", divide="ignore"):
            self._inverse = _shrink(only(cells.inverse_depth[whole], possible)) / share
        around = cv2.blur(self.possible.astype(np.float32), (_SPAN, _SPAN))
        self._around = np.maximum(around, np.float32(_LEAST_SHARE))
        row, column = np.divmod(found.at, cells.shape[1])
        row = np.minimum(row // _SIDE, rows - 1)
        self.place = row * columns + np.minimum(column // _SIDE, columns - 1)

    def above(self, theta: Float64Array) -> Float32Array:
        """(h, w) squares: as a part of the inverse depth; of nothing 0."""
        x, y, z = (np.float32(part) for part in theta)
        off = np.maximum(self._rays[0] * x + (self._rays[1] * y + z), np.float32(0.02))
        np.divide(self._inverse, off, out=off)
        off -= np.float32(1)
        np.minimum(off, np.float32(_MOST_APART), out=off)
        np.maximum(off, np.float32(-_MOST_APART), out=off)
        mean = cv2.blur(only(off, self.possible), (_SPAN, _SPAN))
        return np.asarray(mean / self._around, np.float32)


def _shrink(values: Float32Array) -> Float32Array:
    size = values.shape[1] // _SIDE, values.shape[0] // _SIDE
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def find_patches(
    found: Candidates,
    cells: Cells,
    floor: BoolArray,
    up: Float64Array,
    white: float,
    block: NDArray[np.int64],
) -> tuple[NDArray[np.int64], Float64Array] | None:
    """Numbers (N,) of the pieces, 0 for none, and the plane (3,) of one of two levels they are on.

    Args:
        found: of the frame.
        cells: of the frame.
        floor: (N,) whether each counts.
        up: (3,) by all but the depth.
        white: deviation of a candidate's depth, as a part of it.
        block: (N,) number of the square that each is in.
    """
    falls = -(found.rays @ up)
    height = median((falls / found.inverse_depth)[floor])
    start = -up / height
    off = found.inverse_depth / np.maximum(found.rays @ start, 0.02) - 1
    at = np.flatnonzero(floor & (np.abs(off) < _MOST_APART))
    if at.size < 2 * LEAST_PIECE:
        return None
    at = at[:: 1 + at.size // _ENOUGH]
    rays, inverse, weight = found.rays.T[:, at].T, found.inverse_depth[at], found.weight[at]
    smooth = _Smooth(cells, found)
    place, own = smooth.place[at], block[at]
    first = smooth.above(start).ravel()[place]
    in_order = np.sort(first)
    best: tuple[float, Float64Array, float] | None = None
    for share in _STARTS:
        theta, limit = start, float(in_order[int(share * at.size)])
        high = first > limit
        for _ in range(_TURNS):
            if not _FEWEST < np.count_nonzero(high) < at.size - _FEWEST:
                break
            solved = solve_levels(rays, inverse, weight, high.astype(np.int64), theta, white, 1)
            theta, limit = solved.theta, float(solved.rises.mean())
            before, high = high, smooth.above(theta).ravel()[place] > limit
            if np.count_nonzero(before ^ high) < _SETTLED * at.size:
                break
        if not _FEWEST < np.count_nonzero(high) < at.size - _FEWEST:
            continue
        part = inverse / (rays @ theta * (1 + solved.rises[high.astype(np.int64)])) - 1
        heaps = heap_variance(part, weight * biweight(part, solved.noise), own)
        if best is None or heaps < best[0]:
            best = heaps, theta, limit
        if heaps < _NO_HEAPS:
            break
    if best is None:
        return None
    _, theta, limit = best
    return _connect(smooth, smooth.above(theta) > limit), theta


def _connect(smooth: _Smooth, high: BoolArray) -> NDArray[np.int64]:
    """(N,) numbers of the connected pieces on either side that are enough to count; 0 for none."""
    numbers, count = np.zeros(smooth.place.size, np.int64), 0
    for side in (high & smooth.possible, ~high & smooth.possible):
        pieces, number = cv2.connectedComponents(_erode(side))
        own = number.ravel()[smooth.place].astype(np.int64)
        own[np.bincount(own, minlength=pieces)[own] < LEAST_PIECE] = 0
        numbers += np.where(own > 0, own + count, 0)
        count += pieces
    return numbers


def _erode(cells: BoolArray) -> NDArray[np.uint8]:
    return np.asarray(cv2.erode(cells.view(np.uint8), None), np.uint8)
