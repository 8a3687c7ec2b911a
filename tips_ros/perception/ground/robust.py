# SPDX-License-Identifier: Apache-2.0
"""Statistics in which outliers have no say: the same sums every time, nothing drawn at random."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.cells import BoolArray, Float32Array
from tips_ros.perception.ground.plane import Float64Array

NORMAL = 1.4826  # median of |residual| → standard deviation
_BIWEIGHT = 4.685  # 95 % as efficient as the mean where all samples are good
_BLOCK = 8  # cells of a side; noise of a pixel or a cell averages out over it
LEAST_WHITE = 0.004  # no depth is more even
_BENT_SAMPLES = 4.0  # a bent floor is worth so many independent looks
_APART = 3  # cells, whose noise has nothing to do with each other
_UNEVEN = 1.5  # of the noise itself; what is more is shape
_ENOUGH = 3000  # cells tell the noise; of more, every second row, third, …
_BLURRED_SHARE = 0.25  # of the floor's noise is between neighbours: of white noise all


def biweight(residual: Float64Array, scale: float) -> Float64Array:
    """Tukey's, 0 to 1."""
    return biweight_of_square(residual * residual, scale)


def biweight_of_square(squared: Float64Array, scale: float) -> Float64Array:
    """The same of the square of a residual, which it writes to."""
    squared *= -1.0 / (_BIWEIGHT * scale) ** 2
    squared += 1.0
    np.maximum(squared, 0.0, out=squared)
    squared *= squared
    return squared


def deviation(residual: NDArray[Any], least: float) -> float:
    """The standard deviation about 0 by the median; `least` where it is less, or of nothing."""
    if not residual.size:
        return least
    return max(NORMAL * median(np.abs(residual)), least)


def white_deviation(off: NDArray[Any]) -> float:
    """The standard deviation of what neighbours in a list do not share."""
    return deviation(np.diff(off), LEAST_WHITE) / math.sqrt(2)


def median(values: NDArray[Any]) -> float:
    """The middle of some numbers, of an even count the upper of the two."""
    middle = values.size // 2
    return float(np.partition(values, middle)[middle])


def weighted_quantile(values: Float64Array, weight: Float64Array, share: float) -> float:
    """The smallest value that at least `share` of the weight is not above."""
    order = np.argsort(values)
    cumulated = np.cumsum(weight[order])
    at = int(cumulated.searchsorted(share * cumulated[-1]))
    return float(values[order[min(at, values.size - 1)]])


def square_of(at: NDArray[np.int64], columns: int) -> NDArray[np.int64]:
    """(N,) number of the square of cells that each is in.

    Args:
        at: index into the flat cells.
        columns: cells in a row.
    """
    row, column = np.divmod(at, columns)
    return np.asarray((row // _BLOCK) * (columns // _BLOCK + 1) + column // _BLOCK, np.int64)


def clustered_variance(
    residual: Float64Array, kept: Float64Array, noise: float, block: NDArray[np.int64]
) -> float:
    """The variance of all candidates together: white noise averages out, a bend does not."""
    weight = np.bincount(block, kept)
    heavy = np.flatnonzero(weight > 0.2 * weight.max())
    total, weight = float(weight.sum()), weight[heavy]
    mean = np.bincount(block, kept * residual)[heavy] / weight
    white = noise**2 / max(median(weight), 1.0)
    bent = max(float(mean @ mean) / mean.size - white, 0.0)
    return noise**2 + bent * total / _BENT_SAMPLES


def heap_variance(residual: Float64Array, weight: Float64Array, block: NDArray[np.int64]) -> float:
    """The variance of the means of squares of cells, as a multiple of that of white noise.

    Of a sensor's depth about 1; what is left of a network's depth lies in heaps.

    Args:
        residual: as a part of the depth.
        weight: of each.
        block: number of the square that each is in.
    """
    heap = np.bincount(block, weight)
    heavy = np.flatnonzero(heap > 0.2 * heap.max())
    off = weight * residual
    summed = np.bincount(block, off)[heavy]
    white = max(float(off @ residual) / float(weight.sum()), LEAST_WHITE**2)
    return float(summed @ (summed / heap[heavy])) / heavy.size / white


def normal_terms(rays: Float64Array, inverse: Float64Array) -> Float64Array:
    """(9, N) what each sample adds, by its weight, to the normal equations of a plane.

    Args:
        rays: (N, 3), the last column 1.
        inverse: (N,) depth along them.
    """
    terms = np.empty((9, inverse.size))
    x, y = rays[:, 0], rays[:, 1]
    for k, (one, other) in enumerate(((x, x), (x, y), (y, y), (x, inverse), (y, inverse))):
        np.multiply(one, other, out=terms[k])
    terms[5], terms[6], terms[7], terms[8] = x, y, inverse, 1.0
    return terms


def split_terms(total: Float64Array) -> tuple[Float64Array, Float64Array]:
    """(9,) their sum → (3, 3) and (3,) of the equations, in which no direction is without say."""
    xx, xy, yy, x_inverse, y_inverse, x, y, inverse, one = total.tolist()
    least = 1e-9 * (xx + yy + one)
    normal = [[xx + least, xy, x], [xy, yy + least, y], [x, y, one + least]]
    return np.array(normal), np.array([x_inverse, y_inverse, inverse])


def solve_plane(normal: Float64Array, wanted: Float64Array) -> Float64Array:
    """(3,) inverse depth along the rays."""
    return np.asarray(np.linalg.solve(normal, wanted), np.float64)


def is_blurred(part: Float32Array, like_floor: BoolArray) -> bool:
    """Whether neighbouring cells of floor err together: a network's depth, that goes on over edges.

    Then what is beside a floor label is unsure, too.
    """
    some, floor = part[::4], like_floor[::4]
    both = floor[:, 1:] & floor[:, :-1]
    if np.count_nonzero(both) < 30:
        return False
    right, left = some[:, 1:][both], some[:, :-1][both]
    return median(np.abs(right - left)) < _BLURRED_SHARE * math.sqrt(2) * median(np.abs(right))


def floor_noise(height: Float32Array, floor: BoolArray, white: bool) -> float:
    """Deviation of the floor in units of the one that is told, its tails counted.

    What stands on the floor is above it, so that only what is below tells the noise. Of white noise
    so do differences, and a floor that is not flat is no noise.

    Args:
        height: (h, w) in those units.
        floor: (h, w) the cells that tell it.
        white: whether neighbouring cells err each by itself.
    """
    every = 1 + int(np.count_nonzero(floor)) // _ENOUGH
    height, floor = height[::every], floor[::every]
    below = -height[floor & (height < 0)]
    if below.size < 30:
        return 1.0
    at = [int(share * (below.size - 1)) for share in (0.5, 0.9, 0.98)]
    half, most, all_but_few = np.sort(below)[at].tolist()
    scale = max(half / 0.6745, 0.8 * most / 1.645, 0.9 * all_but_few / 2.33)
    both = floor[:, _APART:] & floor[:, :-_APART]
    if not white or np.count_nonzero(both) < 30:
        return float(scale)
    apart = deviation((height[:, _APART:] - height[:, :-_APART])[both], 0.0) / math.sqrt(2)
    return float(min(scale, _UNEVEN * max(apart, 1e-3)))
