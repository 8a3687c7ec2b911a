# SPDX-License-Identifier: Apache-2.0
"""The camera of an image that was resized: its lens for computing, its fields for telling."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import (
    CameraInfoFields,
    CameraInfoLike,
    Intrinsics,
    UncalibratedCamera,
    scaled_camera_info_fields,
)
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

    Raises:
        UncalibratedCamera: the CameraInfo holds no calibration, or that of another image size, or
            a distortion that means nothing.
    """
    lens = Lens.from_camera_info(info, rectified)
    of = lens.intrinsics
    if (of.height, of.width) != image_size:
        raise UncalibratedCamera(
            f"CameraInfo is for {of.width}x{of.height} images, but they are "
            f"{image_size[1]}x{image_size[0]}; publish the one that belongs to them"
        )
    height, width = size
    fields = scaled_camera_info_fields(info, width, height)
    return SeenCamera(lens.scaled_to(width, height), fields)
