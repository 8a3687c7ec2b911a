# SPDX-License-Identifier: Apache-2.0
"""Reads a CameraInfo: the intrinsics of the image it came with, and what to publish beside results.

What isn't needed isn't required: a raw image needs K (and D), a rectified one P, and a size that is
not filled in is that of the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tips_ros.perception.camera.camera_info import (
    CameraInfoFields,
    CameraInfoLike,
    Intrinsics,
    UncalibratedCamera,
)
from tips_ros.perception.camera.camera_matrices import CameraMatrices, camera_matrices
from tips_ros.perception.camera.delivered_image import (
    DeliveredImage,
    delivered_images,
    resize_map,
)
from tips_ros.perception.camera.distortion import ros_model_name


@dataclass(frozen=True)
class CameraReading:
    """A CameraInfo as it is to be understood for one image."""

    image: DeliveredImage
    matrices: CameraMatrices  # of the full, unbinned sensor
    distortion_model: str
    d: tuple[float, ...]
    rectified: bool

    @property
    def intrinsics(self) -> Intrinsics:
        """Those of the image: K or P, region of interest and binning applied."""
        k = self.image.from_sensor @ (self.matrices.p[:, :3] if self.rectified else self.matrices.k)
        fx, fy, cx, cy = (float(k[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
        return Intrinsics(fx, fy, cx, cy, *self.image.size)

    def scaled_fields(self, width: int, height: int) -> CameraInfoFields:
        """Returns the fields to publish beside an image resized to ``width`` x ``height``.

        K and P are cropped, binned and resized together. P[3] (``-fx * baseline`` of a stereo pair)
        scales like fx. The distortion coefficients act on normalised coordinates and stay.
        """
        delivered_width, delivered_height = self.image.size
        resize = resize_map(width / delivered_width, height / delivered_height)
        to_published = resize @ self.image.from_sensor
        return CameraInfoFields(
            width=width,
            height=height,
            distortion_model=self.distortion_model,
            d=list(self.d),
            k=(to_published @ self.matrices.k).ravel().tolist(),
            r=self.matrices.r.ravel().tolist(),
            p=(to_published @ self.matrices.p).ravel().tolist(),
        )


def read_camera_info(
    info: CameraInfoLike, rectified: bool = False, image_size: tuple[int, int] | None = None
) -> CameraReading:
    """Finds out which image a CameraInfo describes, and its matrices.

    Args:
        info: a CameraInfo message of rclpy or rosbags, or a calibration file.
        rectified: read P, as belongs to ``image_rect`` topics, instead of K.
        image_size: (H, W) of the image it came with; None: as REP 104 says.

    Raises:
        UncalibratedCamera: no calibration, that of another image, or impossible numbers.
    """
    reason = None
    for image in delivered_images(info, image_size):
        try:
            matrices = camera_matrices(info, image, rectified)
        except UncalibratedCamera as error:
            reason = reason or error
            continue
        d = np.asarray(info.d, np.float64).ravel()
        name = str(info.distortion_model)
        numbers = tuple(d.tolist()) if np.isfinite(d).all() else ()
        return CameraReading(
            image,
            matrices,
            ros_model_name(name, numbers),
            numbers,
            rectified,
        )
    assert reason is not None
    raise reason
