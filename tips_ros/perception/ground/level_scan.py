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
from tips_ros.perception.ground.plane import Plane, level_rotation
from tips_ros.perception.ground.settings import GroundSettings

_SUPPORT = 2  # cells of a bearing; one alone is none
_DEPTH = 1.1  # what is so much farther is another thing
_SEEN = 0.9  # of the range: floor that was seen so far is free to the end


@dataclass(frozen=True)
class LevelScan:
    """As sensor_msgs/LaserScan has it.

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
        """Of the last range."""
        return self.angle_min + self.angle_increment * (len(self.ranges_m) - 1)


def level_scan(cells: Cells, parts: Split, plane: Plane, settings: GroundSettings) -> LevelScan:
    """The scan of a frame."""
    turn = level_rotation(plane.up).astype(np.float32)
    ahead, left, _ = _level_rays(cells.rays, turn)
    far = np.hypot(ahead, left)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = 1.0 / cells.inverse_depth
        ranges = far * depth
        on_floor = far * (-np.float32(plane.height_m) / _slope(cells.rays, plane))
    half = _half_angle(ahead, left)
    count = cells.shape[1]
    step = 2 * half / count
    bearing = np.arctan2(left, ahead)
    bins = np.clip(((bearing + half) / step).astype(np.int32), 0, count - 1)
    limit = _range_cap(cells, ranges, settings)
    heights = parts.heights_m
    with np.errstate(invalid="ignore"):
        hit = parts.obstacle & (heights >= settings.scan_min_height_m)
        hit &= (heights <= settings.scan_max_height_m) & np.isfinite(ranges)
        nearest = _nearest(bins[hit], ranges[hit], count)
        fallen = parts.drop & (on_floor > 0)
        drops = _nearest(bins[fallen], on_floor[fallen], count)
        nearest = np.fmin(nearest, drops)
        free = parts.ground | (cells.inverse_depth >= 0) & (heights > settings.scan_min_height_m)
        reach = _farthest(bins[free], np.where(np.isfinite(ranges), ranges, limit)[free], count)
    known = np.isfinite(nearest)
    result = np.where(known & (nearest <= limit), nearest, np.nan)
    seen_free = (known & (nearest > limit)) | (~known & (reach >= _SEEN * limit))
    result[seen_free] = np.inf
    # A scan begins at the right.
    return LevelScan(
        -half + step / 2, step, min(0.05, limit / 2), limit, result.astype(np.float32)
    )


def _level_rays(
    rays: Float32Array, turn: Float32Array
) -> tuple[Float32Array, Float32Array, Float32Array]:
    x, y = rays[..., 0], rays[..., 1]
    ahead, left, up = (x * row[0] + y * row[1] + row[2] for row in turn)
    return ahead, left, up


def _slope(rays: Float32Array, plane: Plane) -> Float32Array:
    up = np.asarray(plane.up, np.float32)
    found: Float32Array = rays[..., 0] * up[0] + rays[..., 1] * up[1] + up[2]
    return found


def _half_angle(ahead: Float32Array, left: Float32Array) -> float:
    """To the sides of the picture's middle row, whichever reaches farther."""
    row = ahead.shape[0] // 2
    ends = np.abs(np.arctan2(left[row, [0, -1]], ahead[row, [0, -1]]))
    return float(min(np.nanmax(ends), math.pi))


def _range_cap(cells: Cells, ranges: Float32Array, settings: GroundSettings) -> float:
    """Where the depth's deviation becomes too much, by the median of what is seen."""
    with np.errstate(invalid="ignore", divide="ignore"):
        noise = float(np.median(cells.noise))
    return float(min(settings.scan_max_stddev_m / max(noise, 1e-3), settings.max_range_m))


def _nearest(bins: NDArray[np.int32], ranges: Float32Array, count: int) -> NDArray[np.float64]:
    """By bearing the nearest range that has support at about the same range; NaN without."""
    order = np.lexsort((ranges, bins))
    at, values = bins[order], ranges[order].astype(np.float64)
    backed = np.zeros(values.size, np.bool_)
    last = values.size - (_SUPPORT - 1)
    if last > 0:
        same = at[:last] == at[_SUPPORT - 1 :]
        backed[:last] = same & (values[_SUPPORT - 1 :] <= _DEPTH * values[:last])
    found = np.full(count, np.nan)
    kept = np.flatnonzero(backed)[::-1]  # of one bearing the last written stays: the nearest
    # The mean of the pair: the least of several noisy ranges is too near.
    found[at[kept]] = (values[kept] + values[kept + _SUPPORT - 1]) / 2
    return found


def _farthest(bins: NDArray[np.int32], ranges: Float32Array, count: int) -> NDArray[np.float64]:
    found = np.zeros(count)
    np.maximum.at(found, bins, ranges)
    return found
