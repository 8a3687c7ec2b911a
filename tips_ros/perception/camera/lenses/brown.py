# SPDX-License-Identifier: Apache-2.0
"""Brown-Conrady with OpenCV's additions: radial, tangential, rational, thin prism, tilted sensor.

Source of the formulas: OpenCV, "Camera Calibration and 3D Reconstruction", detailed description.
The inverse is Newton's method with the analytic derivative from a table of the radial part; unlike
OpenCV's it knows where the polynomial folds back, and answers NaN beyond.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Float64Array: TypeAlias = NDArray[np.float64]

COUNT = 14
COUNTS = (4, 5, 8, 12, 14)  # what OpenCV takes

_CONVERGED = 1e-9  # normalised; a millionth of a pixel at 1000 px of focal length
_STEPS = 20
_FARTHEST = 1e3  # x / z: 89.94 degrees off the axis
_BLOCK = 1 << 15  # points at a time: the temporaries stay in the cache


class _Model(NamedTuple):
    numerator: Float64Array  # (4,) of r², lowest power first
    denominator: Float64Array  # (4,)
    tangential: tuple[float, float]  # p1, p2
    prism: tuple[float, float, float, float]  # s1 s2 s3 s4
    tilt: Float64Array | None  # (3, 3)
    fold: float  # radius at which the radial part stops growing; inf where it never does


def distort(xy: Float64Array, coefficients: Sequence[float]) -> Float64Array:
    """(N, 2) rays → (N, 2) where they fall; NaN beyond the fold."""
    model = _model(tuple(coefficients))
    seen = np.where(np.hypot(xy[:, 0], xy[:, 1]) < model.fold, 1.0, np.nan)
    x, y = xy[:, 0] * seen, xy[:, 1] * seen
    distorted_x, distorted_y, _ = _distort_untilted(x, y, model)
    flat: Float64Array = np.stack([distorted_x, distorted_y], axis=1)
    return _tilt(flat, model.tilt)


def undistort(distorted: Float64Array, coefficients: Sequence[float]) -> Float64Array:
    """(N, 2) places → (N, 2) rays; NaN where none falls there."""
    model = _model(tuple(coefficients))
    flat = distorted
    if model.tilt is not None:
        untilt: Float64Array = np.asarray(np.linalg.inv(model.tilt), np.float64)
        flat = _tilt(distorted, untilt)
    result = np.empty_like(flat)
    for start in range(0, len(flat), _BLOCK):
        block = slice(start, start + _BLOCK)
        result[block] = _undistort_untilted(flat[block], model)
    return result


def _undistort_untilted(target: Float64Array, model: _Model) -> Float64Array:
    xy = _radial_guess(target, model)
    found = np.full_like(xy, np.nan)
    open_ = np.flatnonzero(np.isfinite(target).all(axis=1))
    with np.errstate(all="ignore"):  # what runs away becomes NaN, which is the answer
        for _ in range(_STEPS):
            x, y = xy[open_, 0], xy[open_, 1]
            dx, dy, (xx, xy_, yx, yy) = _distort_untilted(x, y, model)
            dx, dy = dx - target[open_, 0], dy - target[open_, 1]
            determinant = xx * yy - xy_ * yx
            reached = np.maximum(np.abs(dx), np.abs(dy)) < _CONVERGED
            valid = reached & (np.hypot(x, y) < model.fold) & (determinant > 0)
            found[open_[valid]] = xy[open_[valid]]
            step_x = (yy * dx - xy_ * dy) / determinant
            step_y = (xx * dy - yx * dx) / determinant
            x, y = x - step_x, y - step_y
            xy[open_, 0], xy[open_, 1] = x, y
            # The guess is good wherever there is an answer: what leaps far beyond has none.
            open_ = open_[~reached & (np.hypot(x, y) < min(2.0 * model.fold, _FARTHEST))]
            if not open_.size:
                break
    return found


def _distort_untilted(
    x: Float64Array, y: Float64Array, model: _Model
) -> tuple[Float64Array, Float64Array, tuple[Float64Array, ...]]:
    """Distorts rays on an untilted sensor; also the derivatives (xx, xy, yx, yy)."""
    p1, p2 = model.tangential
    s1, s2, s3, s4 = model.prism
    r2 = x * x + y * y
    upper, upper_slope = _polynomial(model.numerator, r2)
    lower, lower_slope = _polynomial(model.denominator, r2)
    radial = upper / lower
    slope = 2.0 * (upper_slope - radial * lower_slope) / lower  # d radial / dx = slope * x
    prism_x, prism_y = 2.0 * (s1 + 2.0 * s2 * r2), 2.0 * (s3 + 2.0 * s4 * r2)
    cross = slope * x * y + 2.0 * (p1 * x + p2 * y)
    distorted_x = x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x) + r2 * (s1 + s2 * r2)
    distorted_y = y * radial + 2.0 * p2 * x * y + p1 * (r2 + 2.0 * y * y) + r2 * (s3 + s4 * r2)
    derivatives = (
        radial + slope * x * x + 2.0 * p1 * y + 6.0 * p2 * x + prism_x * x,
        cross + prism_x * y,
        cross + prism_y * x,
        radial + slope * y * y + 6.0 * p1 * y + 2.0 * p2 * x + prism_y * y,
    )
    return distorted_x, distorted_y, derivatives


def _polynomial(c: Float64Array, u: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Value and slope of c0 + c1 u + c2 u² + c3 u³."""
    return c[0] + u * (c[1] + u * (c[2] + u * c[3])), c[1] + u * (2.0 * c[2] + u * 3.0 * c[3])


def _radial_guess(target: Float64Array, model: _Model) -> Float64Array:
    """(N, 2) rays that would be right if the radial part were all."""
    distance = np.hypot(target[:, 0], target[:, 1])
    farthest = float(np.nanmax(distance, initial=0.0))
    top = min(model.fold, 2.0)
    while top < min(model.fold, _FARTHEST) and _radial(np.array([top]), model)[0] < farthest:
        top *= 2.0
    # Just short of the fold, which may be a pole.
    radius = np.linspace(0.0, min(top, model.fold * (1 - 1e-6)), 2048)
    guess = np.interp(distance, _radial(radius, model), radius)
    with np.errstate(invalid="ignore"):
        return target * np.where(distance > 0, guess / np.maximum(distance, 1e-300), 1.0)[:, None]


def _radial(radius: Float64Array, model: _Model) -> Float64Array:
    r2 = radius * radius
    return radius * _polynomial(model.numerator, r2)[0] / _polynomial(model.denominator, r2)[0]


@lru_cache(maxsize=16)
def _model(coefficients: tuple[float, ...]) -> _Model:
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4, tx, ty = coefficients
    numerator = np.array([1.0, k1, k2, k3])
    denominator = np.array([1.0, k4, k5, k6])
    tilt = _tilt_matrix(tx, ty) if tx or ty else None
    fold = _fold(numerator, denominator)
    return _Model(numerator, denominator, (p1, p2), (s1, s2, s3, s4), tilt, fold)


def _fold(numerator: Float64Array, denominator: Float64Array) -> float:
    """The smallest radius at which ``r N(r²) / D(r²)`` stops growing or has a pole."""
    n, d = np.polynomial.Polynomial(numerator), np.polynomial.Polynomial(denominator)
    u = np.polynomial.Polynomial([0.0, 1.0])
    growth = (n + 2 * u * n.deriv()) * d - 2 * u * n * d.deriv()
    roots = np.concatenate([growth.trim().roots(), d.trim().roots()])
    real = roots.real[(np.abs(roots.imag) < 1e-9 * (1 + np.abs(roots.real))) & (roots.real > 0)]
    return math.sqrt(float(real.min())) if real.size else math.inf


def _tilt_matrix(tx: float, ty: float) -> Float64Array:
    """OpenCV's projection onto a sensor that is tilted by tx and ty, radians."""
    about_x, about_y = (cv2.Rodrigues(np.array(v))[0] for v in ((-tx, 0.0, 0.0), (0.0, -ty, 0.0)))
    rotation = about_y @ about_x
    onto = np.diag([rotation[2, 2], rotation[2, 2], 1.0])
    onto[:2, 2] = -rotation[:2, 2]
    return onto @ rotation


def _tilt(xy: Float64Array, tilt: Float64Array | None) -> Float64Array:
    if tilt is None:
        return xy
    homogeneous = xy @ tilt[:, :2].T + tilt[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Float64Array = homogeneous[:, :2] / homogeneous[:, 2:]
    return result
