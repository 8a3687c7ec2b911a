# SPDX-License-Identifier: Apache-2.0
"""Scale *and* shift of predicted inverse depth, from a sensor that sees few points, some wrong.

``1 / metres = a / predicted + b``: how a network errs that was trained on ratios or on disparity.
The slope is the median of each point's median slope to all others (Siegel's form of Theil and Sen's
estimator, which half of the points may contradict); nothing is counted within a threshold, which
would have two answers to swing between. Then a weighted mean of what fits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_MOST = 250  # points; all pairs of them are looked at
_LEAST = 20
_LEAST_LEVER = 1.25  # farthest / nearest: a flat wall says nothing of two numbers
_MOST_VAGUE = 0.1  # deviation of the slope, as a part of it
_ALIKE = 8  # neighbours err alike: that many are worth one
_LEAST_NOISE = 0.002
_BIWEIGHT = 4.685
_NORMAL = 1.4826


class InverseAffine(NamedTuple):
    """``1 / metres = slope / predicted + offset``.

    Attributes:
        slope: without unit, positive.
        offset: 1 / metres.
        spread: of ln(sensor / scaled prediction), as a standard deviation.
        samples: points compared.
        inliers: those that had a say.
    """

    slope: float
    offset: float
    spread: float
    samples: int
    inliers: int


def fit_inverse_affine(predicted_m: NDArray[Any], sensor_m: NDArray[Any]) -> InverseAffine | None:
    """The two numbers; None where the points don't tell them: too few, or too much alike in depth.

    Args:
        predicted_m: (N,) positive metres, as the network says.
        sensor_m: (N,) positive metres of the same directions.
    """
    predicted, sensor = np.asarray(predicted_m, np.float64), np.asarray(sensor_m, np.float64)
    if predicted.size < _LEAST:
        return None
    near, far = np.quantile(predicted, (0.1, 0.9))
    if far < _LEAST_LEVER * near:
        return None
    x, y = 1 / predicted, 1 / sensor
    order = np.argsort(x, kind="stable")
    some = order[np.linspace(0, x.size - 1, min(x.size, _MOST)).astype(np.int64)]
    slope = _repeated_median(x[some], y[some])
    offset = float(np.median(y - slope * x))
    noise = _noise(x, y, slope, offset, None)
    inliers, vague = x.size, math.inf
    for _ in range(8):
        if not slope > 0:
            return None
        off = _misfit(x, y, slope, offset)
        noise = _noise(x, y, slope, offset, noise)
        weight = np.maximum(1 - np.square(off / (_BIWEIGHT * noise)), 0) ** 2
        inliers = int(np.count_nonzero(weight))
        weight /= y * y  # an error counts as a part of the depth
        mean_x, mean_y = (float((weight * v).sum() / weight.sum()) for v in (x, y))
        lever = float((weight * (x - mean_x) ** 2).sum())
        if not lever > 0:
            return None
        slope = float((weight * (x - mean_x) * (y - mean_y)).sum()) / lever
        offset = mean_y - slope * mean_x
        vague = noise * math.sqrt(_ALIKE / lever)
    if not slope > 0 or vague > _MOST_VAGUE * slope:
        return None
    spread = _NORMAL * float(np.median(np.abs(_misfit(x, y, slope, offset))))
    return InverseAffine(slope, offset, spread, x.size, inliers)


def _repeated_median(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    across = x[None, :] - x[:, None]
    apart = np.abs(across) > 1e-3 * float(x[-1] - x[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.where(apart, (y[None, :] - y[:, None]) / across, np.nan)
    told = apart.any(axis=1)
    return float(np.median(np.nanmedian(slopes[told], axis=1)))


def _misfit(
    x: NDArray[np.float64], y: NDArray[np.float64], slope: float, offset: float
) -> NDArray[np.float64]:
    """ln(sensor / scaled prediction)."""
    return np.asarray(np.log(np.maximum(slope * x + offset, 1e-9) / y), np.float64)


def _noise(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    slope: float,
    offset: float,
    before: float | None,
) -> float:
    off = np.abs(_misfit(x, y, slope, offset))
    if before is not None and math.isfinite(before):
        near = off[off < 3 * before]
        off = near if near.size else off
    return max(_NORMAL * float(np.median(off)), _LEAST_NOISE)
