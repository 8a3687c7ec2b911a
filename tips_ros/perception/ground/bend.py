# SPDX-License-Identifier: Apache-2.0
"""The bend of a network's floor over its plane: a smooth surface of six numbers.

The departure is a part of the plane's inverse depth, so that it means the same near and far, and is
drawn towards none: where no floor is seen the plane stands.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.candidates import Candidates
from tips_ros.perception.ground.cells import BoolArray, Float32Array, dot
from tips_ros.perception.ground.plane import Float64Array, Plane
from tips_ros.perception.ground.robust import biweight, deviation

_EXPECTED = 0.12  # a coefficient's deviation, as a part of the inverse depth
_MOST = 0.35  # no floor is bent further
_LEAST_NOISE = 0.003
_LEAST_FALL = 0.02


def plane_inverse_depth(plane: Plane, rays: NDArray[np.float32]) -> Float32Array:
    """(h, w, 2) rays → (h, w) 1 / metres on the plane; negative above the horizon."""
    return dot(rays, -np.asarray(plane.up, np.float32) / np.float32(plane.height_m))


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
    y, x = row * (2.0 / height) - 1.0, column * (2.0 / width) - 1.0
    expected = (found.rays @ np.asarray(plane.up)) / -plane.height_m
    falls = expected * plane.height_m > _LEAST_FALL
    if level is not None:
        falls &= level
    at = np.flatnonzero(falls)
    if at.size < 30:
        return np.zeros(shape, np.float32)
    x, y = x[at], y[at]
    part = found.inverse_depth[at] / expected[at] - 1.0
    weight = found.weight[at] / np.square(found.unevenness[at])
    terms = _terms(x, y)
    ridge = np.eye(6) / _EXPECTED**2
    coefficients, noise = np.zeros(6), 0.1
    for iteration in range(4):
        residual = part - coefficients @ terms
        if iteration:
            off = np.abs(residual)
            noise = deviation(off[off < 3 * noise], _LEAST_NOISE)
        kept = biweight(residual, noise)
        kept *= weight
        kept *= 1.0 / (noise**2 * samples_per_look)
        scaled = terms * kept
        coefficients = np.linalg.solve(scaled @ terms.T + ridge, scaled @ part)
    inside = np.flatnonzero(kept)
    if not inside.size:
        return np.zeros(shape, np.float32)
    # Beyond what was seen of the floor the surface would run away: there its edge goes on.
    grid_x, grid_y = (
        _hold(np.arange(count) * (2.0 / count) - 1.0, seen[inside])
        for count, seen in ((width, x), (height, y))
    )
    return _surface(coefficients, grid_x, grid_y)


def _terms(x: Float64Array, y: Float64Array) -> Float64Array:
    """(6, N)"""
    terms = np.empty((6, x.size))
    terms[0], terms[1], terms[2] = 1.0, x, y
    for k, (one, other) in enumerate(((x, x), (x, y), (y, y)), start=3):
        np.multiply(one, other, out=terms[k])
    return terms


def _hold(grid: NDArray[Any], seen: Float64Array) -> Float64Array:
    """The places of a grid, none beyond what was seen."""
    return np.asarray(np.minimum(np.maximum(grid, seen.min()), seen.max()), np.float64)


def _surface(coefficients: Float64Array, x: Float64Array, y: Float64Array) -> Float32Array:
    c = coefficients.astype(np.float32)
    x, y = x.astype(np.float32), y.astype(np.float32)
    surface = y[:, None] * (c[4] * x + c[2])
    surface += c[0] + c[1] * x + c[3] * x * x
    surface += (c[5] * y * y)[:, None]
    np.maximum(surface, np.float32(-_MOST), out=surface)
    np.minimum(surface, np.float32(_MOST), out=surface)
    return np.asarray(surface, np.float32)
