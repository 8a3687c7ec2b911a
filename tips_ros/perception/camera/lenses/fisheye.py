# SPDX-License-Identifier: Apache-2.0
"""The equidistant fisheye (Kannala and Brandt, 2006) as `cv2.fisheye` has it.

A ray at the angle theta off the axis falls at the distance
``theta (1 + k1 theta² + k2 theta⁴ + k3 theta⁶ + k4 theta⁸)`` from the centre. Rays at 90 degrees
and more have no x / z: a depth image can't hold them, and they are NaN here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Float64Array: TypeAlias = NDArray[np.float64]

COUNT = 4

_RIGHT_ANGLE = math.pi / 2 - 1e-6
_CONVERGED = 1e-9  # radians
_STEPS = 8


def distort(xy: Float64Array, coefficients: Sequence[float]) -> Float64Array:
    """(N, 2) rays → (N, 2) where they fall; NaN beyond the fold."""
    coefficients = tuple(coefficients)
    radius = np.hypot(xy[:, 0], xy[:, 1])
    theta = np.arctan(radius)
    distance = np.where(theta < _widest(coefficients), _distance(theta, coefficients), np.nan)
    return xy * _ratio(distance, radius)[:, None]


def undistort(distorted: Float64Array, coefficients: Sequence[float]) -> Float64Array:
    """(N, 2) places → (N, 2) rays; NaN where none falls there, or one at 90 degrees or more."""
    coefficients = tuple(coefficients)
    distance = np.hypot(distorted[:, 0], distorted[:, 1])
    widest = _widest(coefficients)
    table = np.linspace(0.0, widest, 2048)
    theta = np.interp(distance, _distance(table, coefficients), table)
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            theta -= (_distance(theta, coefficients) - distance) / _slope(theta, coefficients)
        missed = np.abs(_distance(theta, coefficients) - distance)
    # Written so that NaN fails it, too.
    seen = (missed < _CONVERGED) & (theta < widest) & (theta > -_CONVERGED)
    return distorted * np.where(seen, _ratio(np.tan(theta), distance), np.nan)[:, None]


def _distance(theta: Float64Array, k: tuple[float, ...]) -> Float64Array:
    t2 = theta * theta
    return theta * (1.0 + t2 * (k[0] + t2 * (k[1] + t2 * (k[2] + t2 * k[3]))))


def _slope(theta: Float64Array, k: tuple[float, ...]) -> Float64Array:
    t2 = theta * theta
    slopes = t2 * (3.0 * k[0] + t2 * (5.0 * k[1] + t2 * (7.0 * k[2] + t2 * 9.0 * k[3])))
    return np.asarray(1.0 + slopes, np.float64)


def _ratio(numerator: Float64Array, denominator: Float64Array) -> Float64Array:
    """Their ratio, and its limit 1 on the axis, where both vanish."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator < 1e-12, 1.0, numerator / denominator)


@lru_cache(maxsize=16)
def _widest(k: tuple[float, ...]) -> float:
    """The angle at which the polynomial stops growing, or 90 degrees; radians."""
    slope = np.polynomial.Polynomial([1.0, 3.0 * k[0], 5.0 * k[1], 7.0 * k[2], 9.0 * k[3]])
    roots = slope.trim().roots()  # of theta²
    real = roots.real[(np.abs(roots.imag) < 1e-9 * (1 + np.abs(roots.real))) & (roots.real > 0)]
    return min(_RIGHT_ANGLE, math.sqrt(float(real.min()))) if real.size else _RIGHT_ANGLE
