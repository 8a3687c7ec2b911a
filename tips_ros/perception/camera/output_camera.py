# SPDX-License-Identifier: Apache-2.0
"""The camera of an image that was resized: its lens for computing, its fields for telling.

A camera says the same with every image, so what was read of it is kept for the next one.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import (
    CameraInfoFields,
    CameraInfoLike,
    Intrinsics,
)
from tips_ros.perception.camera.camera_reading import read_camera_info
from tips_ros.perception.camera.distortion import Distortion
from tips_ros.perception.camera.lens import Lens


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


class SeenCamera(NamedTuple):
    """The camera of an image that was resized, both ways it is told to others."""

    lens: Lens
    fields: CameraInfoFields
    is_pinhole: bool  # whether the lens bends no ray

    @property
    def intrinsics(self) -> Intrinsics:
        """The lens without its distortion."""
        return self.lens.intrinsics

    @property
    def rays(self) -> NDArray[np.float32] | None:
        """(H, W, 2) of a lens that bends, as `organised_cloud` takes them; None for a pinhole."""
        return None if self.is_pinhole else self.lens.bent_rays


def seen_camera(
    info: CameraInfoLike,
    image_size: tuple[int, int],
    size: tuple[int, int],
    rectified: bool = False,
) -> SeenCamera:
    """The camera of an image of `image_size` (H, W) that was resized to `size` (H, W).

    The same object as before where the CameraInfo holds the same and all else is the same: only
    to be read.

    Raises:
        UncalibratedCamera: the CameraInfo holds no calibration, or that of another image size, or
            a distortion that means nothing.
    """
    return _seen_camera(content_of(info), image_size, size, rectified)


@lru_cache(maxsize=64)
def _seen_camera(
    info: CameraContent, image_size: tuple[int, int], size: tuple[int, int], rectified: bool
) -> SeenCamera:
    reading = read_camera_info(info, rectified, image_size)
    lens = Lens(reading.intrinsics, Distortion.from_camera_info(info, rectified))
    height, width = size
    scaled = lens.scaled_to(width, height)
    return SeenCamera(scaled, reading.scaled_fields(width, height), scaled.is_pinhole)


def _numbers(values: Any) -> tuple[float, ...]:
    numbers = np.asarray(values, np.float64).ravel().tolist()
    # One and the same NaN is equal to itself within a tuple; two are not.
    return tuple(number if number == number else math.nan for number in numbers)
