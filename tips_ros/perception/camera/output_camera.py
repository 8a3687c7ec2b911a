# SPDX-License-Identifier: Apache-2.0
"""The camera of an image that was resized: its lens for computing, its fields for telling.

A camera says the same with every image, so what was read of it is kept for the next one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_content import CameraContent, content_of
from tips_ros.perception.camera.camera_info import (
    CameraInfoFields,
    CameraInfoLike,
    Intrinsics,
)
from tips_ros.perception.camera.camera_reading import read_camera_info
from tips_ros.perception.camera.distortion import Distortion
from tips_ros.perception.camera.lens import Lens


class SeenCamera(NamedTuple):
    """The camera of an image that was resized, both ways it is told to others."""

    lens: Lens
    fields: CameraInfoFields

    @property
    def intrinsics(self) -> Intrinsics:
        """The lens without its distortion."""
        return self.lens.intrinsics

    @property
    def rays(self) -> NDArray[np.float32] | None:
        """(H, W, 2) of a lens that bends, as `organised_cloud` takes them; None for a pinhole."""
        return self.lens.bent_rays


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
    return SeenCamera(lens.scaled_to(width, height), reading.scaled_fields(width, height))
