# SPDX-License-Identifier: Apache-2.0
"""The distance from a point to many triangles, by NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def distance_to_triangles(point: Array, triangles: Array) -> float:
    """Metres from a point (3,) to the nearest of the triangles (T, 3, 3); inf without any."""
    if not len(triangles):
        return float("inf")
    corners = triangles - point
    low, high = corners.min(axis=1), corners.max(axis=1)
    # Nearer than its box none can be, nor farther than a corner: few of them remain.
    beside = np.maximum(np.maximum(low, -high), 0)
    at_least = (beside * beside).sum(axis=1)
    at_most = (corners * corners).sum(axis=2).min()
    return float(np.sqrt(_squared(corners[at_least <= at_most].astype(np.float64)).min()))


def _squared(corners: Array) -> Array:
    """(T,) squared distances of the origin from triangles (T, 3, 3)."""
    ways = np.roll(corners, -1, axis=1) - corners
    share = -(corners * ways).sum(axis=2) / np.maximum((ways * ways).sum(axis=2), 1e-18)
    on_edge = corners + np.clip(share, 0, 1)[..., None] * ways
    nearest = (on_edge * on_edge).sum(axis=2).min(axis=1)
    normal = np.cross(ways[:, 0], ways[:, 1])
    # Below the triangle is what is on the same side of all three edges.
    sides = (np.cross(ways, -corners) * normal[:, None]).sum(axis=2)
    size = (normal * normal).sum(axis=1)
    within = (sides >= 0).all(axis=1) & (size > 0)
    off = (corners[:, 0] * normal).sum(axis=1) ** 2 / np.maximum(size, 1e-30)
    return np.where(within, np.minimum(off, nearest), nearest)
