# SPDX-License-Identifier: Apache-2.0
"""The tally of what one way to find obstacles gets right and wrong over all courses."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.ground.courses import Course, Mask, regions
from tips_ros.perception.ground.level_scan import LevelScan
from tips_ros.perception.ground.plane import Plane
from tips_ros.perception.ground.settings import GroundSettings

HEIGHTS_M = (0.02, 0.05, 0.1, 0.2)
RANGES_M = (0.0, 1.0, 2.0, 3.0)
FOUND = 0.25  # of a thing's pixels, and it is found
_COARSE = 4  # regions are looked for in every so many pixels


@dataclass
class Tally:
    """Sums over courses; `add` takes one."""

    name: str
    angle_deg: list[float] = field(default_factory=list)
    height_m: list[float] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    false_regions: int = 0
    floor_m2: float = 0.0
    false_m2: float = 0.0
    floor_pixels: int = 0
    false_pixels: int = 0
    low_pixels: int = 0
    low_found: int = 0
    ramp_pixels: int = 0
    ramp_called: int = 0
    things: list[tuple[float, float, bool]] = field(default_factory=list)
    scan_errors: list[float] = field(default_factory=list)
    scan_asked: int = 0
    scan_missed: int = 0

    def add_plane(self, course: Course, plane: Plane | None, why: str = "") -> None:
        """Counts the plane of a course without a ramp; on a ramp two planes are right."""
        if plane is None:
            self.absent.append(f"{course.sample.name}: {why}")
        elif not course.has_ramp:
            self.angle_deg.append(plane.angle_deg(course.plane.up))
            self.height_m.append(abs(plane.height_m - course.plane.height_m))

    def add_mask(self, course: Course, called: Mask) -> None:
        """(H, W) what is called an obstacle."""
        clean = course.clean
        self.floor_pixels += int(clean.sum())
        self.false_pixels += int((clean & called).sum())
        self.floor_m2 += float(course.area_m2.sum(dtype=float))
        self.false_m2 += float(course.area_m2[clean & called].sum(dtype=float))
        self.low_pixels += int(course.low.sum())
        self.low_found += int((course.low & called).sum())
        for ramp in course.ramps:
            self.ramp_pixels += ramp.size
            self.ramp_called += int(called.ravel()[ramp].sum())
        for thing in course.things:
            share = float(called.ravel()[thing.pixels].mean())
            self.things.append((thing.height_m, thing.range_m, share >= FOUND))
        every = slice(None, None, _COARSE)
        near = (course.height_m > 0.01)[every, every].astype(np.uint8)
        near = cv2.dilate(near, np.ones((5, 5), np.uint8)).astype(bool)
        floor = clean[every, every]
        for region in regions(called[every, every]):
            self.false_regions += bool(not near[region].any() and floor[region].any())

    def add_scan(self, course: Course, scan: LevelScan, settings: GroundSettings) -> None:
        """Errors of the bearings where both see something."""
        true, _ = course.scan(settings)
        bearings = scan.angle_min + scan.angle_increment * np.arange(scan.ranges_m.size)
        at = np.rint((bearings - true.angle_min) / true.angle_increment).astype(int)
        right: NDArray[np.float32] = true.ranges_m[np.clip(at, 0, true.ranges_m.size - 1)]
        asked = np.isfinite(right) & (right < scan.range_max_m)
        both = asked & np.isfinite(scan.ranges_m)
        self.scan_errors += (np.abs(scan.ranges_m[both] / right[both] - 1)).tolist()
        self.scan_asked += int(asked.sum())
        self.scan_missed += int((asked & np.isposinf(scan.ranges_m)).sum())

    @property
    def recall(self) -> float:
        """The share of the pixels of things 5 to 40 cm high within 2 m that were found."""
        return self.low_found / max(self.low_pixels, 1)

    @property
    def false_share(self) -> float:
        """The share of the clean floor's pixels that were called an obstacle."""
        return self.false_pixels / max(self.floor_pixels, 1)

    def lines(self) -> list[str]:
        """Formats the tally for people."""
        text = [f"{self.name}"]
        if self.angle_deg:
            angle, height = np.array(self.angle_deg), 100 * np.array(self.height_m)
            text.append(
                f"  plane: {np.median(angle):.2f} deg (p95 {np.quantile(angle, 0.95):.2f}), "
                f"{np.median(height):.2f} cm (p95 {np.quantile(height, 0.95):.2f}) "
                f"of {angle.size} without a ramp; {len(self.absent)} without a floor"
            )
        if self.floor_pixels:
            text.append(
                f"  false obstacles: {self.false_regions / self.floor_m2:.3f} per m2 of clean floor"
                f" ({self.false_regions} on {self.floor_m2:.0f} m2), "
                f"{_percent(self.false_pixels, self.floor_pixels)} of its pixels, "
                f"{_percent(self.false_m2, self.floor_m2)} of its area; "
                f"ramps {_percent(self.ramp_called, self.ramp_pixels)}"
            )
            text.append(
                f"  found: {_percent(self.low_found, self.low_pixels)} of the pixels of things "
                "5 to 40 cm high within 2 m; of the things laid out"
            )
            for height in HEIGHTS_M:
                text.append(f"    {100 * height:3.0f} cm: " + ", ".join(self._recall(height)))
        if self.scan_asked:
            errors = np.array(self.scan_errors or [np.nan])
            text.append(
                f"  scan: off by {100 * np.median(errors):.1f} % (p95 "
                f"{100 * np.quantile(errors, 0.95):.1f} %), "
                f"{_percent(self.scan_missed, self.scan_asked)} said to be free"
            )
        return text

    def _recall(self, height: float) -> list[str]:
        found = []
        for low, high in zip(RANGES_M, RANGES_M[1:], strict=False):
            seen = [f for h, r, f in self.things if h == height and low <= r < high]
            if seen:
                share = f"{100 * np.mean(seen):.0f} % of {len(seen)}"
                found.append(f"{low:g}-{high:g} m {share}")
        return found


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "none"
