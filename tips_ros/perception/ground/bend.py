# SPDX-License-Identifier: Apache-2.0
"""The bend of a network's floor over its plane: a smooth surface of six numbers.

The departure is a part of the plane's inverse depth, so that it means the same near and far, and is
drawn towards none: where no floor is seen the plane stands.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.candidates import Candidates
from tips_ros.perception.ground.cells import BoolArray, Float32Array
from tips_ros.perception.ground.plane import Float64Array, Plane
from tips_ros.perception.ground.robust import biweight, deviation, median

_EXPECTED = 0.12  # a coefficient's deviation, as a part of the inverse depth
_MOST = 0.35  # no floor is bent further
_LEAST_NOISE = 0.003
_LEAST_FALL = 0.02


def plane_inverse_depth(plane: Plane, rays: NDArray[np.float32]) -> Float32Array:
    """(h, w, 2) rays → (h, w) 1 / metres on the plane; negative above the horizon."""
    slope = -np.asarray(plane.up, np.float32) / np.float32(plane.height_m)
    found: Float32Array = rays[..., 0] * slope[0] + rays[..., 1] * slope[1]
    found += slope[2]
    return found


def fit_bend(
    found: Candidates,
    plane: Plane,
    shape: tuple[int, int],
    level: BoolArray | None = None,
    samples_per_look: float = 12.0,
) -> Float32Array:
    """(h, w): how much greater the floor's inverse depth is than the plane's, as a part of it.

    Args:
        found: candidates of the frame.
        plane: of the floor.
        shape: (h, w) of the cells.
        level: (N,) the candidates that count; all without.
        samples_per_look: neighbouring cells err together; so many say as much as one.
    """
    height, width = shape
    row, column = np.divmod(found.at, width)
    y, x = 2.0 * row / height - 1.0, 2.0 * column / width - 1.0
    expected = -(found.rays @ np.asarray(plane.up)) / plane.height_m
    falls = expected * plane.height_m > _LEAST_FALL
    if level is not None:
        falls &= level
    if np.count_nonzero(falls) < 30:
        return np.zeros(shape, np.float32)
    x, y, expected = x[falls], y[falls], expected[falls]
    part = found.inverse_depth[falls] / expected - 1.0
    weight = found.weight[falls] / np.square(found.noise[falls] / median(found.noise))
    columns = _terms(x, y)
    ridge = np.eye(6) / _EXPECTED**2
    coefficients, noise = np.zeros(6), 0.1
    for iteration in range(4):
        residual = part - columns @ coefficients
        if iteration:
            noise = deviation(residual[np.abs(residual) < 3 * noise], _LEAST_NOISE)
        kept = weight * biweight(residual, noise) / (noise**2 * samples_per_look)
        scaled = columns * kept[:, None]
        coefficients = np.linalg.solve(scaled.T @ columns + ridge, scaled.T @ part)
    inside = kept > 0
    if not inside.any():
        return np.zeros(shape, np.float32)
    # Beyond what was seen of the floor the surface would run away: there its edge goes on.
    grid_y = np.clip(2.0 * np.arange(height) / height - 1.0, y[inside].min(), y[inside].max())
    grid_x = np.clip(2.0 * np.arange(width) / width - 1.0, x[inside].min(), x[inside].max())
    return _surface(coefficients, grid_x, grid_y)


def _terms(x: Float64Array, y: Float64Array) -> Float64Array:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _surface(coefficients: Float64Array, x: Float64Array, y: Float64Array) -> Float32Array:
    c = coefficients.astype(np.float32)
    x, y = x.astype(np.float32), y.astype(np.float32)
    along_x = (c[0] + c[1] * x + c[3] * x * x)[None, :]
    along_y = (c[2] * y + c[5] * y * y)[:, None]
    surface = along_x + along_y + c[4] * y[:, None] * x[None, :]
    return np.asarray(np.clip(surface, -_MOST, _MOST), np.float32)
