# SPDX-License-Identifier: Apache-2.0
"""Weights that let outliers have no say: the same sums every time, nothing drawn at random."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.plane import Float64Array

NORMAL = 1.4826  # median of |residual| → standard deviation
_BIWEIGHT = 4.685  # 95 % as efficient as the mean where all samples are good


def biweight(residual: Float64Array, scale: float) -> Float64Array:
    """Tukey's, 0 to 1."""
    kept = np.maximum(1.0 - np.square(residual / (_BIWEIGHT * scale)), 0.0)
    return np.asarray(kept * kept, np.float64)


def deviation(residual: NDArray[Any], least: float) -> float:
    """The standard deviation about 0 by the median; `least` where it is less, or of nothing."""
    if not residual.size:
        return least
    return max(NORMAL * median(np.abs(residual)), least)


def median(values: NDArray[Any]) -> float:
    """The middle of some numbers, of an even count the upper of the two."""
    return float(np.partition(values, values.size // 2)[values.size // 2])


def weighted_quantile(values: Float64Array, weight: Float64Array, share: float) -> float:
    """The smallest value that at least `share` of the weight is not above."""
    order = np.argsort(values, kind="stable")
    heaped = np.cumsum(weight[order])
    at = int(np.searchsorted(heaped, share * heaped[-1]))
    return float(values[order[min(at, values.size - 1)]])
