# SPDX-License-Identifier: Apache-2.0
"""A CameraInfo's content as a key, so that what was made of it is kept while it says the same."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tips_ros.perception.camera.camera_info import CameraInfoLike


class Region(NamedTuple):
    """Content of a RegionOfInterest, as far as it is read."""

    x_offset: int
    y_offset: int
    width: int
    height: int


class CameraContent(NamedTuple):
    """Content of a `CameraInfoLike`, by which two of them are the same: a key."""

    width: int
    height: int
    distortion_model: str
    d: tuple[float, ...]
    k: tuple[float, ...]
    r: tuple[float, ...]
    p: tuple[float, ...]
    roi: Region
    binning_x: int
    binning_y: int


def content_of(info: CameraInfoLike) -> CameraContent:
    """A CameraInfo's content without its header, from whichever library it is."""
    roi = info.roi
    return CameraContent(
        info.width,
        info.height,
        info.distortion_model,
        _numbers(info.d),
        _numbers(info.k),
        _numbers(info.r),
        _numbers(info.p),
        Region(roi.x_offset, roi.y_offset, roi.width, roi.height),
        info.binning_x,
        info.binning_y,
    )


def _numbers(values: Any) -> tuple[float, ...]:
    numbers = np.asarray(values, np.float64).ravel().tolist()
    # One and the same NaN is equal to itself within a tuple; two are not.
    return tuple(number if number == number else math.nan for number in numbers)
