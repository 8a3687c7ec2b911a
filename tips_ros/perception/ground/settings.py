# SPDX-License-Identifier: Apache-2.0
"""Settings: what counts as an obstacle, and when a floor is too old."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GroundSettings:
    """Settings of the floor and what stands on it.

    Attributes:
        obstacle_min_height_m: what stands out of the floor by less is none, however sure the depth.
        obstacle_max_height_m: what is higher is none: the robot goes under it.
        deviations: how many deviations of the depth a thing has to stand out by.
        floor_deviations: the same for what is labelled floor, twice as many if the depth is a
            network's; what lies level without that label has to stand out by nearly as many.
        max_slope_deg: of a ramp: what is labelled floor and lies no steeper may rise so.
        drops: whether what lies below the floor counts, too: stairs that go down, a curb.
        drop_min_depth_m: how far below.
        max_range_m: along z; what is farther is not looked at.
        scan_min_height_m, scan_max_height_m: between these an obstacle is seen by the scan.
        scan_max_stddev_m: the scan ends where depth is less sure than this.
        max_held_s: a floor that wasn't seen for so long is dropped.
        max_held_m: or after so much motion.
    """

    obstacle_min_height_m: float = 0.015
    obstacle_max_height_m: float = 1.8
    deviations: float = 4.0
    floor_deviations: float = 8.0
    max_slope_deg: float = 7.0
    drops: bool = True
    drop_min_depth_m: float = 0.08
    max_range_m: float = 6.0
    scan_min_height_m: float = 0.015
    scan_max_height_m: float = 1.8
    scan_max_stddev_m: float = 0.3
    max_held_s: float = 3.0
    max_held_m: float = 1.0

    def __post_init__(self) -> None:
        """ValueError: a number out of its range; the message names it."""
        if not 0 < self.obstacle_min_height_m < self.obstacle_max_height_m:
            raise ValueError(
                "ground.obstacle_min_height_m must be above 0 and below "
                f"ground.obstacle_max_height_m, got {self.obstacle_min_height_m} and "
                f"{self.obstacle_max_height_m}"
            )
        if not 0 <= self.scan_min_height_m < self.scan_max_height_m:
            raise ValueError(
                "ground.scan_min_height_m must not be negative and must be below "
                f"ground.scan_max_height_m, got {self.scan_min_height_m} and "
                f"{self.scan_max_height_m}"
            )
