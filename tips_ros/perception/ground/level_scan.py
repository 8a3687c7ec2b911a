# SPDX-License-Identifier: Apache-2.0
"""The nearest obstacle of each bearing, in a level frame: what a 2-D LiDAR would have said.

*Convention*: the level frame is at the camera, x ahead, y left, z up. A bearing counts from x to
the left. +Inf: seen and free as far as the range goes; NaN: not seen. A drop counts where the floor
ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.cells import Cells, Float32Array, dot
from tips_ros.perception.ground.obstacles import Split
from tips_ros.perception.ground.plane import (
    CAMERA_UP,
    Float64Array,
    Plane,
    level_rotation,
)
from tips_ros.perception.ground.settings import GroundSettings

_DEPTH = 1.1  # what is so much farther is another thing
_SEEN = 0.9  # of the range: floor that was seen so far is free to the end


@dataclass(frozen=True)
class LevelScan:
    """A scan with the fields of sensor_msgs/LaserScan.

    Attributes:
        angle_min, angle_increment: radians.
        range_min_m, range_max_m: what is outside is not told.
        ranges_m: (N,) metres in the level plane.
    """

    angle_min: float
    angle_increment: float
    range_min_m: float
    range_max_m: float
    ranges_m: Float32Array

    @property
    def angle_max(self) -> float:
        """The bearing of the last range."""
        return self.angle_min + self.angle_increment * (len(self.ranges_m) - 1)


def level_scan(cells: Cells, parts: Split, plane: Plane, settings: GroundSettings) -> LevelScan:
    """The scan of a frame."""
    rotation = level_rotation(plane.up)
    half = _half_angle(cells.rays, rotation)
    count = max(cells.shape)
    step = 2 * half / count
    inverse, heights = cells.inverse_depth, parts.heights_m
    limit = np.float32(_range_cap(cells, settings))
    # Where a metre of depth is, in the level plane.
    ahead, left = (dot(cells.rays, axis) for axis in rotation[:2])
    away = ahead * ahead
    away += left * left
    np.sqrt(away, out=away)

    def bearings(at: NDArray[np.int64]) -> NDArray[np.int64]:
        angle = np.arctan2(left.ravel()[at], ahead.ravel()[at])
        found = ((angle + np.float32(half)) / np.float32(step)).astype(np.int64)
        return np.minimum(np.maximum(found, 0), count - 1)

    with np.errstate(invalid="ignore", divide="ignore"):
        standing = heights >= np.float32(settings.scan_min_height_m)
        counted = parts.obstacle & standing
        counted &= heights <= np.float32(settings.scan_max_height_m)
        at = np.flatnonzero(counted)
        nearest = _nearest(bearings(at), away.ravel()[at] / inverse.ravel()[at], count)
        at = np.flatnonzero(parts.drop)
        if at.size:
            falls = -dot(cells.rays, plane.up).ravel()[at]
            ends = away.ravel()[at] * np.float32(plane.height_m) / falls
            nearest = np.fmin(nearest, _nearest(bearings(at), ends, count))
        seen_far = away >= np.float32(_SEEN) * limit * inverse
        seen_far &= parts.ground | standing
        free = np.zeros(count, np.bool_)
        free[bearings(np.flatnonzero(seen_far))] = True
    known = np.isfinite(nearest)
    result = np.where(known & (nearest <= limit), nearest, np.float32(np.nan))
    result[(known & (nearest > limit)) | (~known & free)] = np.inf
    # A scan begins at the right.
    return LevelScan(-half + step / 2, step, min(0.05, float(limit) / 2), float(limit), result)


def unseen_scan(cells: Cells) -> LevelScan:
    """An empty scan, for a frame that says nothing about what is free."""
    half = _half_angle(cells.rays, level_rotation(CAMERA_UP))
    count = max(cells.shape)
    step = 2 * half / count
    nothing = np.full(count, np.nan, np.float32)
    return LevelScan(-half + step / 2, step, 0.0, 0.0, nothing)


def _half_angle(rays: Float32Array, rotation: Float64Array) -> float:
    """Angle to the ends of the picture's middle row, or column where it lies on its side."""
    row, column = rays.shape[0] // 2, rays.shape[1] // 2
    most = 0.0
    for place in ((row, 0), (row, -1), (0, column), (-1, column)):
        x, y = rays[place].tolist()
        ahead, left = (a * x + b * y + c for a, b, c in rotation[:2].tolist())
        most = max(most, abs(math.atan2(left, ahead)))  # of NaN none
    return min(most, math.pi)


def _range_cap(cells: Cells, settings: GroundSettings) -> float:
    """The range at which depth's deviation becomes too much, by the median of what is seen."""
    noise = max(cells.usual_noise, 1e-3)
    return float(min(settings.scan_max_stddev_m / noise, settings.max_range_m))


def _nearest(bins: NDArray[np.int64], ranges: Float32Array, count: int) -> Float32Array:
    """Nearest range by bearing that has support at about the same range; NaN without."""
    found = np.full(count, np.nan, np.float32)
    known = ~np.isnan(ranges)  # one that is not would hide the others, and never be the nearest
    if not known.all():
        bins, ranges = bins[known], ranges[known]
    order = np.argsort(bins.astype(np.uint16), kind="stable")  # small numbers are sorted fastest
    bins, ranges = bins[order], ranges[order]
    while bins.size:
        ends = np.append(np.flatnonzero(bins[1:] != bins[:-1]) + 1, bins.size)
        sizes = ends.copy()
        sizes[1:] -= ends[:-1]
        starts = ends - sizes
        first = np.minimum.reduceat(ranges, starts)
        is_first = ranges == np.repeat(first, sizes)
        second = np.minimum.reduceat(np.where(is_first, np.float32(np.inf), ranges), starts)
        if np.count_nonzero(is_first) > starts.size:  # as of depth without any noise
            second = np.where(np.add.reduceat(is_first, starts, dtype=np.int64) > 1, first, second)
        backed = second <= np.float32(_DEPTH) * first
        # The mean of the pair: the least of several noisy ranges is too near.
        found[bins[starts[backed]]] = (first[backed] + second[backed]) / 2
        # What is alone is none: what is behind it is looked at.
        left = np.repeat(~backed, sizes)
        left &= ~is_first
        bins, ranges = bins[left], ranges[left]
    return found
