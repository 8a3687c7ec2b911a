# SPDX-License-Identifier: Apache-2.0
"""Today's ways with depth: a gate at a fixed height, and a band of image rows as a scan."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmarks.ground.courses import Course, Mask
from tips_ros.perception.ground.level_scan import LevelScan
from tips_ros.perception.ground.plane import level_rotation

GATE_M = 0.2  # `min_obstacle_height` of the tutorial for a depth network
_TOP_M = 1.8
_ROWS = 10  # `scan_height` of depthimage_to_laserscan
_MOST_M = 6.0
_ON_FLOOR_M = 0.01


def height_gate(course: Course, depth_m: NDArray[np.float32]) -> Mask:
    """(H, W) higher than the gate over the true floor: who uses it knows how the camera sits."""
    return _higher(_heights(course, depth_m), GATE_M)


class LoweredGate:
    """The same gate at other heights, to compare at equal recall; `add` takes one course."""

    def __init__(self) -> None:
        self.gates_m = np.arange(1, 31) / 100
        self._found, self._false = np.zeros((2, self.gates_m.size), np.int64)
        self._low = self._floor = 0

    def add(self, course: Course, depth_m: NDArray[np.float32]) -> None:
        """Counts the pixels of low things and of clean floor that each gate calls obstacles."""
        heights = _heights(course, depth_m)
        low, clean = heights[course.low], heights[course.clean]
        for at, gate_m in enumerate(self.gates_m.tolist()):
            self._found[at] += np.count_nonzero(_higher(low, gate_m))
            self._false[at] += np.count_nonzero(_higher(clean, gate_m))
        self._low += low.size
        self._floor += clean.size

    def line(self, found: float, false: float) -> str:
        """Formats what a gate costs that finds that share of low things, or calls that of floor."""
        recall, wrong = self._found / max(self._low, 1), self._false / max(self._floor, 1)
        as_good, as_clean = np.flatnonzero(recall >= found), np.flatnonzero(wrong <= false)
        text = "  the gate lowered to "
        if as_good.size:
            at = as_good[-1]
            text += (f"{100 * self.gates_m[at]:.0f} cm finds {100 * recall[at]:.1f} %, with "
                     f"{100 * wrong[at]:.2f} % of the clean floor; ")  # fmt: skip
        else:
            text += "nothing finds as much; "
        if not as_clean.size:
            return f"{text}none is as clean"
        at = as_clean[0]
        return (f"{text}as clean at {100 * self.gates_m[at]:.0f} cm "
                f"it finds {100 * recall[at]:.1f} %")  # fmt: skip


def row_band(course: Course, depth_m: NDArray[np.float32]) -> tuple[LevelScan, Mask]:
    """The nearest depth of the middle rows by column; and the pixels it calls obstacles.

    A pixel is one where the scan is as near as its own true range, within a tenth.
    """
    height, width = depth_m.shape
    rows = slice(height // 2 - _ROWS // 2, height // 2 + _ROWS // 2)
    points = _points(course, depth_m)
    ranges = np.hypot(points[..., 0], points[..., 2])  # as if the camera were level
    with np.errstate(invalid="ignore"):
        nearest = np.nanmin(np.where(ranges > 0, ranges, np.nan)[rows], axis=0)
    nearest = np.where(nearest < _MOST_M, nearest, np.inf).astype(np.float32)
    k = course.sample.intrinsics
    assert k is not None
    bearing = -np.arctan((np.arange(width) - k.cx) / k.fx)
    step = float(bearing[0] - bearing[-1]) / (width - 1)
    even = bearing[-1] + step * np.arange(width)
    scan = np.interp(even, bearing[::-1], nearest[::-1]).astype(np.float32)
    truth = course.sample.depth_m
    assert truth is not None
    flat = _points(course, truth) @ level_rotation(course.plane.up).T
    true_ranges = np.hypot(flat[..., 0], flat[..., 1])
    with np.errstate(invalid="ignore"):
        called = np.abs(true_ranges / nearest[None, :] - 1) < 0.1
    return LevelScan(float(bearing[-1]), step, 0.1, _MOST_M, scan), np.asarray(called, np.bool_)


def _heights(course: Course, depth_m: NDArray[np.float32]) -> NDArray[np.float64]:
    """(H, W) metres over the true floor."""
    return np.asarray(course.plane.heights(_points(course, depth_m)), np.float64)


def _higher(heights_m: NDArray[np.float64], gate_m: float) -> Mask:
    with np.errstate(invalid="ignore"):
        return np.asarray((heights_m > gate_m) & (heights_m < _TOP_M), np.bool_)


def _points(course: Course, depth_m: NDArray[np.float32]) -> NDArray[np.float64]:
    k = course.sample.intrinsics
    assert k is not None and not math.isnan(k.fx)
    v, u = np.mgrid[: k.height, : k.width]
    rays = np.stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones(u.shape)], axis=-1)
    return np.asarray(rays * depth_m[..., None], np.float64)
