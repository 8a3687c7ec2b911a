# SPDX-License-Identifier: Apache-2.0
"""A camera's calibration, under the names of `sensor_msgs/CameraInfo`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Region:
    """A region of interest, unbinned pixels; all zeros is the full sensor."""

    x_offset: int = 0
    y_offset: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Calibration:
    """A calibration file's content; zeros where it doesn't say."""

    width: int
    height: int
    distortion_model: str
    d: list[float]
    k: list[float]  # 9, row by row
    r: list[float]  # 9
    p: list[float]  # 12
    binning_x: int = 0
    binning_y: int = 0
    roi: Region = field(default_factory=Region)
