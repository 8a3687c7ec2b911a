# SPDX-License-Identifier: Apache-2.0
"""The scale of predicted depth from a sensor's, dense or sparse, right or partly wrong.

The factor is where the logarithms of sensor / prediction crowd: the middle of their shortest half
(Rousseeuw's least median of squares, which half the samples may contradict), then a weighted mean
with Tukey's biweight, which gives the rest no say. Nothing is random, but the pairs that an offset
begins with, and their seed is fixed.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.depth.depth_scale import DepthScale

Float64Array: TypeAlias = NDArray[np.float64]

LEAST_SAMPLES = 20
# Half of the depths are then off by more than a quarter: a factor means little.
MOST_SPREAD = 0.35
LEAST_INLIERS = 0.5

_MOST_SAMPLES = 20_000
_BIWEIGHT = 4.685  # 95 % as efficient as the mean where all samples are good
_NORMAL = 1.4826  # median of |residual| → standard deviation
_LEAST_NOISE = 0.005  # of ln depth; sensors are not better
_PAIRS = 300
_LEAST_LEVER = 1.3  # far / near of the predictions, below which scale and offset look alike


def sensor_scale(
    predicted_m: NDArray[Any],
    sensor_m: NDArray[Any],
    *,
    with_offset: bool = False,
    least_samples: int = LEAST_SAMPLES,
    max_predicted_m: float = math.inf,
) -> DepthScale:
    """The scale that brings predicted depth onto a sensor's.

    Args:
        predicted_m: floating, any shape: what the network said, unscaled.
        sensor_m: the same shape and view; NaN, infinite, 0 and below mean "not measured".
        with_offset: also a shift, for a sensor with a zero error of its own; refused (and said so)
            where the depths are too much alike to tell it from the scale.
        least_samples: fewer points are not enough.
        max_predicted_m: the end of the model's range; predictions there say "at least", and are
            left out.

    Returns:
        A scale with source "sensor"; not usable when there were too few points, not consistent when
        they contradict each other.

    Raises:
        ValueError: shapes that differ.
    """
    predicted, sensor = np.asarray(predicted_m), np.asarray(sensor_m)
    if predicted.shape != sensor.shape:
        raise ValueError(
            f"the sensor's depth is {sensor.shape} but the prediction {predicted.shape}; "
            "resize one of them"
        )
    p, s = pair_depths(predicted, sensor, max_predicted_m)
    if p.size < max(least_samples, 2):
        note = f"only {p.size} points of the sensor can be compared, {least_samples} are needed"
        return DepthScale(math.nan, "sensor", samples=int(p.size), consistent=False, note=note)
    log_factor, noise = _find_mode(np.log(s / p))
    factor, offset, note = math.exp(log_factor), 0.0, ""
    residual = np.log(s / p) - log_factor
    if with_offset:
        near, far = np.quantile(p, (0.05, 0.95))
        line = _line(p, s) if far > _LEAST_LEVER * near else None
        if line is None:
            note = "the depths are too much alike to tell an offset from the scale"
        else:
            factor, offset, noise = line
            residual = _log_misfit(p, s, factor, offset)
    inliers = int(np.count_nonzero(np.abs(residual) < _BIWEIGHT * noise))
    spread = _NORMAL * float(np.median(np.abs(residual)))
    scale = DepthScale(factor, "sensor", offset, spread, int(p.size), inliers, True, note)
    if spread > MOST_SPREAD or inliers < LEAST_INLIERS * p.size:
        return scale.with_doubt(
            f"sensor and prediction contradict each other: {inliers} of {p.size} points agree, "
            f"spread {100 * spread:.0f} %"
        )
    return scale


def pair_depths(
    predicted: NDArray[Any], sensor: NDArray[Any], max_predicted_m: float
) -> tuple[Float64Array, Float64Array]:
    """Flat pairs with a depth on both sides within the model's range, evenly thinned."""
    with np.errstate(invalid="ignore"):
        valid = np.isfinite(sensor) & (sensor > 0) & np.isfinite(predicted) & (predicted > 0)
        valid &= predicted < 0.98 * max_predicted_m
    at = np.flatnonzero(valid)
    if at.size > _MOST_SAMPLES:
        at = at[np.linspace(0, at.size - 1, _MOST_SAMPLES).astype(np.int64)]
    return predicted.ravel()[at].astype(np.float64), sensor.ravel()[at].astype(np.float64)


def _find_mode(values: Float64Array) -> tuple[float, float]:
    """Finds the centre of the crowd among values, and its standard deviation."""
    ordered = np.sort(values)
    half = ordered.size // 2 + 1
    widths = ordered[half - 1 :] - ordered[: ordered.size - half + 1]
    start = int(widths.argmin())
    centre = float(ordered[start : start + half].mean())
    noise = max(_NORMAL * float(widths[start]) / 2, _LEAST_NOISE)
    for _ in range(10):
        weight = _biweight(values - centre, noise)
        centre = float((weight * values).sum() / weight.sum())
        noise = _noise(values - centre, noise)
    return centre, noise


def _line(p: Float64Array, s: Float64Array) -> tuple[float, float, float] | None:
    """(factor, offset, noise) of s = factor * p + offset; None without two depths apart."""
    rng = np.random.default_rng(0)
    some = np.linspace(0, p.size - 1, min(p.size, 1000)).astype(np.int64)
    i, j = rng.integers(0, p.size, (2, 8 * _PAIRS))
    apart = np.flatnonzero(np.abs(np.log(p[i] / p[j])) > math.log(_LEAST_LEVER) / 2)[:_PAIRS]
    i, j = i[apart], j[apart]
    factor = (s[j] - s[i]) / (p[j] - p[i])
    offset = s[i] - factor * p[i]
    rising = factor > 0
    factor, offset = factor[rising], offset[rising]
    if not factor.size:
        return None
    misfit = np.abs(_log_misfit(p[some], s[some], factor[:, None], offset[:, None]))
    median = np.median(misfit, axis=1)
    best = int(median.argmin())
    a, b = float(factor[best]), float(offset[best])
    noise = max(_NORMAL * float(median[best]), _LEAST_NOISE)
    for _ in range(10):
        misfit = _log_misfit(p, s, a, b)
        noise = _noise(misfit, noise)
        weight = np.sqrt(_biweight(misfit, noise)) / s  # errors count by the depth they are of
        columns = np.stack([p, np.ones_like(p)], axis=1) * weight[:, None]
        a, b = map(float, np.linalg.lstsq(columns, s * weight, rcond=None)[0])
    return (a, b, noise) if a > 0 else None


def _log_misfit(p: Float64Array, s: Float64Array, factor: Any, offset: Any) -> Float64Array:
    """ln(sensor / scaled prediction); very large where the latter is not positive."""
    return np.asarray(np.log(s / np.maximum(factor * p + offset, 1e-9)), np.float64)


def _noise(residual: Float64Array, before: float) -> float:
    """The standard deviation of what lies within three of the one before."""
    near = np.abs(residual)
    near = near[near < 3 * before]
    return max(_NORMAL * float(np.median(near)), _LEAST_NOISE) if near.size else before


def _biweight(residual: Float64Array, noise: float) -> Float64Array:
    weight = np.maximum(1.0 - np.square(residual / (_BIWEIGHT * noise)), 0.0)
    return np.asarray(weight * weight, np.float64)
