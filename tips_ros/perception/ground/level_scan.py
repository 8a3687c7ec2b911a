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

from tips_ros.perception.ground.cells import Cells, Float32Array
from tips_ros.perception.ground.obstacles import Split
from tips_ros.perception.ground.plane import CAMERA_UP, Plane, level_rotation
from tips_ros.perception.ground.settings import GroundSettings

_SUPPORT = 2  # cells of a bearing; one alone is none
_DEPTH = 1.1  # what is so much farther is another thing
_SPAN_M = 64.0  # ranges are below it
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
    rotation = level_rotation(plane.up).astype(np.float32)
    half = _half_angle(cells.rays, rotation)
    count = max(cells.shape)
    step = 2 * half / count
    rays, inverse = cells.rays.reshape(-1, 2), cells.inverse_depth.ravel()
    heights = parts.heights_m.ravel()
    limit = np.float32(_range_cap(cells, settings))
    # Where a metre of depth is, in the level plane.
    ahead = rays @ rotation[0, :2] + rotation[0, 2]
    left = rays @ rotation[1, :2] + rotation[1, 2]
    away = np.sqrt(ahead * ahead + left * left)

    with np.errstate(invalid="ignore", divide="ignore"):
        bins = ((np.arctan2(left, ahead) + np.float32(half)) / np.float32(step)).astype(np.int32)
        bins = np.clip(bins, 0, count - 1)
        standing = heights >= np.float32(settings.scan_min_height_m)
        counted = standing & (heights <= np.float32(settings.scan_max_height_m))
        at = np.flatnonzero(parts.obstacle.ravel() & counted)
        nearest = _nearest(bins[at], away[at] / inverse[at], count)
        at = np.flatnonzero(parts.drop)
        if at.size:
            floor_m = -plane.height_m / (rays[at] @ plane.up[:2] + plane.up[2])
            ends = away[at] * floor_m.astype(np.float32)
            nearest = np.fmin(nearest, _nearest(bins[at], ends, count))
        seen_far = (parts.ground.ravel() | standing) & (away >= np.float32(_SEEN) * limit * inverse)
    free = np.zeros(count, np.bool_)
    free[bins[seen_far]] = True
    known = np.isfinite(nearest)
    result = np.where(known & (nearest <= limit), nearest, np.float32(np.nan))
    result[(known & (nearest > limit)) | (~known & free)] = np.inf
    # A scan begins at the right.
    return LevelScan(-half + step / 2, step, min(0.05, float(limit) / 2), float(limit), result)


def unseen_scan(cells: Cells) -> LevelScan:
    """An empty scan, for a frame that says nothing about what is free."""
    half = _half_angle(cells.rays, level_rotation(CAMERA_UP).astype(np.float32))
    count = max(cells.shape)
    step = 2 * half / count
    nothing = np.full(count, np.nan, np.float32)
    return LevelScan(-half + step / 2, step, 0.0, 0.0, nothing)


def _half_angle(rays: Float32Array, rotation: Float32Array) -> float:
    """Angle to the ends of the picture's middle row, or column where it lies on its side."""
    row, column = rays.shape[0] // 2, rays.shape[1] // 2
    ends = np.stack([*rays[row, [0, -1]], *rays[[0, -1], column]])
    ahead, left = (ends @ row[:2] + row[2] for row in rotation[:2])
    return float(min(np.nanmax(np.abs(np.arctan2(left, ahead))), math.pi))


def _range_cap(cells: Cells, settings: GroundSettings) -> float:
    """The range at which depth's deviation becomes too much, by the median of what is seen."""
    noise = float(np.median(cells.noise[::4, ::4]))
    return float(min(settings.scan_max_stddev_m / max(noise, 1e-3), settings.max_range_m))


def _nearest(bins: NDArray[np.int32], ranges: Float32Array, count: int) -> Float32Array:
    """Nearest range by bearing that has support at about the same range; NaN without."""
    at, values = _sort_returns(bins, ranges)
    found = np.full(count, np.nan, np.float32)
    last = values.size - (_SUPPORT - 1)
    if last <= 0:
        return found
    backing = values[_SUPPORT - 1 :]
    backed = (at[:last] == at[_SUPPORT - 1 :]) & (backing <= _DEPTH * values[:last])
    kept = np.flatnonzero(backed)[::-1]  # of one bearing the last written stays: the nearest
    # The mean of the pair: the least of several noisy ranges is too near.
    found[at[kept]] = (values[kept] + backing[kept]) / 2
    return found


def _sort_returns(
    bins: NDArray[np.int32], ranges: Float32Array
) -> tuple[NDArray[np.int32], Float32Array]:
    """Sorts by bearing, then by range to the millimetre: small numbers are sorted fastest."""
    scaled = np.clip(ranges, 0, _SPAN_M - 1) * np.float32(np.iinfo(np.uint16).max / _SPAN_M)
    by_range = np.argsort(scaled.astype(np.uint16), kind="stable")
    order = by_range[np.argsort(bins[by_range].astype(np.uint16), kind="stable")]
    return bins[order], ranges[order]
