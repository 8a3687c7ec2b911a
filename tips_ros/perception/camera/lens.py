# SPDX-License-Identifier: Apache-2.0
"""A camera with its real lens: the ray of each pixel, and the pixel of each point.

Images stay as they are: nothing is rectified. Each pixel of a raw image looks along its own ray
through the distortion model, and its point is ``depth * (x / z, y / z, 1)``, as depth is along z.
A rectified image has no distortion left and its P is a pinhole.

The network sees the raw picture, too, bent lines and all. Within a rolled-off fisheye corner its
depth is a guess from a picture unlike those it was trained with; only the direction is exact there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import CameraInfoLike, Intrinsics
from tips_ros.perception.camera.camera_reading import read_camera_info
from tips_ros.perception.camera.distortion import NO_DISTORTION, Distortion


@dataclass(frozen=True)
class Lens:
    """Intrinsics of one image and the distortion it was taken with.

    Cropping, binning, resizing and striding change the intrinsics alone, because the distortion
    acts on normalised coordinates: the ray of an output pixel is that of its place on the sensor.
    """

    intrinsics: Intrinsics
    distortion: Distortion = NO_DISTORTION

    @classmethod
    def from_camera_info(
        cls,
        info: CameraInfoLike,
        rectified: bool = False,
        image_size: tuple[int, int] | None = None,
    ) -> Lens:
        """Reads the lens of the image the driver delivers, region of interest and binning applied.

        Args:
            info: a CameraInfo message of rclpy or rosbags, or a calibration file.
            rectified: for an ``image_rect`` topic: P, and no distortion.
            image_size: (H, W) of the image it came with, as far as it is known.

        Raises:
            UncalibratedCamera: no intrinsics, those of another image, or coefficients that mean
                nothing.
        """
        intrinsics = read_camera_info(info, rectified, image_size).intrinsics
        return cls(intrinsics, Distortion.from_camera_info(info, rectified))

    @property
    def is_pinhole(self) -> bool:
        """Whether x / z depends on the column alone and y / z on the row alone."""
        return self.distortion.is_none

    def scaled_to(self, width: int, height: int) -> Lens:
        """The same view resized to ``width`` x ``height``."""
        return replace(self, intrinsics=self.intrinsics.scaled_to(width, height))

    def strided(self, stride: int) -> Lens:
        """The view that keeps pixels 0, n, 2n, ... of both axes."""
        return replace(self, intrinsics=self.intrinsics.strided(stride))

    def rays(self) -> NDArray[np.float32]:
        """(H, W, 2) float32 ``x / z, y / z`` of each pixel's centre.

        NaN where no ray falls: beyond a model's fold, or at 90 degrees and more off the axis.
        Computed once per lens and size; read-only.
        """
        return _rays(self)

    @property
    def bent_rays(self) -> NDArray[np.float32] | None:
        """`rays` where they are needed: None for a pinhole, whose intrinsics say it all."""
        return None if self.is_pinhole else self.rays()

    def project(self, points_optical: NDArray[Any]) -> NDArray[np.float64]:
        """Projects points to pixels.

        Args:
            points_optical: (N, 3) metres, x right, y down, z forward.

        Returns:
            (N, 2) pixels ``u, v``, perhaps outside the image; NaN for what the lens does not see:
            behind the camera, not finite, or beyond the model's fold (where OpenCV's
            `projectPoints` would fold it back into the picture).

        Raises:
            ValueError: not (N, 3).
        """
        points = np.asarray(points_optical, np.float64)
        if points.ndim != 2 or points.shape[1] != 3:
            raise ValueError(f"points_optical must be (N, 3), got {points.shape}")
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            xy = np.where(points[:, 2:] > 0, points[:, :2] / points[:, 2:], np.nan)
        xy[~np.isfinite(points).all(axis=1) | ~np.isfinite(xy).all(axis=1)] = np.nan
        k = self.intrinsics
        return self.distortion.distort(xy) * (k.fx, k.fy) + (k.cx, k.cy)


@lru_cache(maxsize=8)
def _rays(lens: Lens) -> NDArray[np.float32]:
    k = lens.intrinsics
    x = (np.arange(k.width) - k.cx) / k.fx
    y = (np.arange(k.height) - k.cy) / k.fy
    # Two planes under an (H, W, 2) view: the cloud multiplies each by the depth.
    planes = np.empty((2, k.height, k.width), np.float32)
    rows = max(1, (1 << 16) // k.width)
    for start in range(0, k.height, rows):
        block = y[start : start + rows]
        grid = np.stack(np.meshgrid(x, block), axis=-1).reshape(-1, 2)
        found = lens.distortion.undistort(grid).reshape(len(block), k.width, 2)
        planes[:, start : start + rows] = np.moveaxis(found, -1, 0)
    planes.flags.writeable = False
    return np.moveaxis(planes, 0, -1)
