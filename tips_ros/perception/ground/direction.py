# SPDX-License-Identifier: Apache-2.0
"""Up, as the normals of the floor and whoever else knows it say."""

from __future__ import annotations

import math

import numpy as np

from tips_ros.perception.ground.candidates import Candidates, Up
from tips_ros.perception.ground.plane import Float64Array
from tips_ros.perception.ground.robust import biweight_of_square

_NORMALS = 400  # looked at
_NORMAL_SCALE_DEG = 6.0


def find_direction(found: Candidates, own: Float64Array, up: Up) -> tuple[Float64Array, float]:
    """Up, and its deviation in degrees, by all but the depth of the candidates (N,) that count."""
    told = np.asarray(up.vector, np.float64)
    at = np.flatnonzero(own > 0)
    some = at[:: max(1, at.size // _NORMALS)]
    normals = np.stack([found.normals[some, axis] for axis in range(3)])
    is_known = np.isfinite(normals.sum(axis=0))
    if not is_known.any():
        return told, up.stddev_deg
    if not is_known.all():
        some, normals = some[is_known], normals[:, is_known]
    weight = own[some]
    best = _middle(normals, weight)
    best /= max(math.sqrt(best @ best), 1e-9)
    scale = math.radians(_NORMAL_SCALE_DEG)
    for _ in range(3):
        off = normals - best[:, None]
        off *= off
        best = normals @ (weight * biweight_of_square(off.sum(axis=0), scale))
        length = math.sqrt(best @ best)
        if length < 1e-9:
            return told, up.stddev_deg
        best /= length
    one, other = found.normals_stddev_deg**-2, up.stddev_deg**-2
    both = one * best + other * told
    return both / math.sqrt(both @ both), (one + other) ** -0.5


def _middle(vectors: Float64Array, weight: Float64Array) -> Float64Array:
    """(3, N) vectors → (3,) the weighted median of each coordinate."""
    order = np.argsort(vectors, axis=1)
    cumulated = np.cumsum(weight[order], axis=1)
    at = (cumulated >= 0.5 * cumulated[:, -1:]).argmax(axis=1)  # the first
    row = np.arange(3)
    return np.asarray(vectors[row, order[row, at]], np.float64)
