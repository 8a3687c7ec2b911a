# SPDX-License-Identifier: Apache-2.0
"""Raw images as a pinhole would have taken them, so that straight lines are straight.

The pinhole is the CameraInfo's P, turned by its R, as for ROS's ``image_rect``. Where there is no
P it is the largest view with square pixels that the raw image fills up to its edges, without the
parts of a fisheye that a pinhole would stretch beyond use.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import (
    CameraInfoFields,
    CameraInfoLike,
    Intrinsics,
    UncalibratedCamera,
)
from tips_ros.perception.camera.camera_reading import CameraReading, read_camera_info
from tips_ros.perception.camera.distortion import Distortion
from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.camera.output_camera import CameraContent, OutputCamera, content_of

_WIDEST = math.tan(math.radians(55.0))  # x / z where nothing is said of the view: 110 degrees
_OUTSIDE = -10.0  # pixels, of the raw image

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rectification:
    """The way from one camera's raw images to a pinhole's of the same size.

    Attributes:
        intrinsics: of the rectified image.
        baseline_px: P[3] and P[7], ``-f * baseline`` of a stereo pair; zeros for one camera.
        maps: OpenCV's fixed-point maps for `cv2.remap`; None where raw images are a pinhole's.
    """

    intrinsics: Intrinsics
    baseline_px: tuple[float, float]
    maps: tuple[NDArray[np.int16], NDArray[np.uint16]] | None

    def rectified(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W) or (H, W, C) raw → the same, rectified; black where the lens saw nothing.

        Raises:
            ValueError: an image of another size.
        """
        expected = (self.intrinsics.height, self.intrinsics.width)
        if image.shape[:2] != expected:
            raise ValueError(f"the image is {image.shape[:2]}, the maps are for {expected}")
        if self.maps is None:
            return image
        return np.asarray(cv2.remap(image, *self.maps, cv2.INTER_LINEAR), np.uint8)

    def camera_at(self, size: tuple[int, int]) -> OutputCamera:
        """The pinhole of the rectified image resized to `size` (H, W)."""
        height, width = size
        pinhole = self.intrinsics.scaled_to(width, height)
        k = pinhole.matrix()
        scale = width / self.intrinsics.width, height / self.intrinsics.height
        p = np.hstack([k, np.zeros((3, 1))])
        p[:2, 3] = np.multiply(self.baseline_px, scale)
        return OutputCamera(
            Lens(pinhole),
            CameraInfoFields(
                width=width,
                height=height,
                distortion_model="plumb_bob",
                d=[0.0] * 5,
                k=k.ravel().tolist(),
                r=np.eye(3).ravel().tolist(),
                p=p.ravel().tolist(),
            ),
            is_pinhole=True,
        )


def rectification(info: CameraInfoLike, image_size: tuple[int, int]) -> Rectification:
    """That of raw images of `image_size` (H, W).

    The same object as before where the CameraInfo holds the same: its maps are made once.

    Raises:
        UncalibratedCamera: the CameraInfo holds no calibration, or that of another image size, or
            a distortion that means nothing.
    """
    return _rectification(content_of(info), image_size)


@lru_cache(maxsize=8)
def _rectification(info: CameraContent, image_size: tuple[int, int]) -> Rectification:
    reading = read_camera_info(info, False, image_size)
    raw = Lens(reading.intrinsics, Distortion.from_camera_info(info))
    if not reading.matrices.has_p:
        pinhole = raw.intrinsics if raw.is_pinhole else _fit_inside(raw)
        maps = None if raw.is_pinhole else _maps(raw, pinhole, np.eye(3))
        return Rectification(pinhole, (0.0, 0.0), maps)
    p = reading.image.from_sensor @ reading.matrices.p
    pinhole = _pinhole(p, reading)
    r = reading.matrices.r
    same = raw.is_pinhole and pinhole == raw.intrinsics and np.array_equal(r, np.eye(3))
    maps = None if same else _maps(raw, pinhole, r)
    return Rectification(pinhole, (float(p[0, 3]), float(p[1, 3])), maps)


def _pinhole(p: Float64Array, reading: CameraReading) -> Intrinsics:
    fx, fy, cx, cy = (float(p[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
    return Intrinsics(fx, fy, cx, cy, *reading.image.size)


def _fit_inside(raw: Lens) -> Intrinsics:
    """The largest pinhole view of the raw image's size that lies within it, its pixels square."""
    k = raw.intrinsics
    u, v = np.arange(k.width), np.arange(k.height)
    edges = [
        _undistort(raw, np.stack([np.full_like(v, edge), v], axis=1))[:, 0]
        for edge in (0, k.width - 1)
    ] + [
        _undistort(raw, np.stack([u, np.full_like(u, edge)], axis=1))[:, 1]
        for edge in (0, k.height - 1)
    ]
    left, right = _nearest(-edges[0]), _nearest(edges[1])
    top, bottom = _nearest(-edges[2]), _nearest(edges[3])
    if min(left + right, top + bottom) <= 0:
        raise UncalibratedCamera(
            "the distortion leaves no picture that a pinhole could take; recalibrate the camera",
            "coefficients",
        )
    focal = max((k.width - 1) / (left + right), (k.height - 1) / (top + bottom))
    cx = (k.width - 1) / 2 + focal * (left - right) / 2
    cy = (k.height - 1) / 2 + focal * (top - bottom) / 2
    return Intrinsics(focal, focal, cx, cy, k.width, k.height)


def _undistort(raw: Lens, pixels: NDArray[np.int64]) -> Float64Array:
    """(N, 2) rays x / z, y / z of pixels u, v; NaN where there is none."""
    k = raw.intrinsics
    places: Float64Array = (pixels - np.array([k.cx, k.cy])) / np.array([k.fx, k.fy])
    return raw.distortion.undistort(places)


def _nearest(slopes: Float64Array) -> float:
    """Finds how far a view reaches on one side whose every pixel of the edge sees something."""
    finite = slopes[np.isfinite(slopes)]
    return min(float(finite.min()), _WIDEST) if finite.size else _WIDEST


def _maps(
    raw: Lens, pinhole: Intrinsics, r: Float64Array
) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """Computes the place of each pixel of the pinhole on the raw image.

    Args:
        raw: the lens.
        pinhole: of the rectified image.
        r: (3, 3) from the camera's frame to the rectified one.
    """
    x = (np.arange(pinhole.width) - pinhole.cx) / pinhole.fx
    places = np.empty((pinhole.height, pinhole.width, 2), np.float32)
    rows = max(1, (1 << 14) // pinhole.width)  # at a time: the temporaries stay in the cache
    for start in range(0, pinhole.height, rows):
        v = np.arange(start, min(start + rows, pinhole.height))
        grid = np.stack(np.meshgrid(x, (v - pinhole.cy) / pinhole.fy), axis=-1).reshape(-1, 2)
        rays = np.column_stack([grid, np.ones(len(grid))])
        found = raw.project(rays @ r)  # R leads from the camera to the rectified frame: its inverse
        found[~np.isfinite(found).all(axis=1)] = _OUTSIDE
        found = np.clip(
            found, _OUTSIDE, 32_000.0
        )  # what the maps can hold; farther is outside, too
        places[v] = found.reshape(len(v), pinhole.width, 2)
    first, second = cv2.convertMaps(places, None, cv2.CV_16SC2)
    return np.asarray(first, np.int16), np.asarray(second, np.uint16)
