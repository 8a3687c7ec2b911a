# SPDX-License-Identifier: Apache-2.0
"""Pinhole intrinsics, and how they follow an image that is cropped, binned, resized or strided.

Convention:
    * Optical frame (REP 103): x right, y down, z forward; depth is metres along z.
    * Pixel coordinates ``(u, v)``: u right, v down; the *centre* of the first pixel is ``(0, 0)``,
      so an image of width W covers u from -0.5 to W - 0.5.
    * Resizing by a factor s therefore maps ``c`` to ``(c + 0.5) * s - 0.5`` and ``f`` to ``f * s``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class UncalibratedCamera(ValueError):
    """A CameraInfo from which no intrinsics can be read; the message says what is wrong with it."""


class CameraInfoLike(Protocol):
    """What is read of a ``sensor_msgs/CameraInfo``, whichever library decoded it."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def k(self) -> Any: ...
    @property
    def p(self) -> Any: ...
    @property
    def r(self) -> Any: ...
    @property
    def d(self) -> Any: ...
    @property
    def distortion_model(self) -> str: ...
    @property
    def roi(self) -> Any: ...
    @property
    def binning_x(self) -> int: ...
    @property
    def binning_y(self) -> int: ...


@dataclass(frozen=True)
class Intrinsics:
    """Focal lengths, principal point and size of one pinhole image, all in pixels.

    Raises:
        ValueError: a number is not finite, a focal length is not positive, or the size is empty.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int

    def __post_init__(self) -> None:
        numbers = (self.fx, self.fy, self.cx, self.cy)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"intrinsics must be finite, got fx fy cx cy = {numbers}; recalibrate")
        if self.fx <= 0 or self.fy <= 0:
            raise ValueError(f"focal lengths must be > 0 px, got fx={self.fx}, fy={self.fy}")
        if self.width < 1 or self.height < 1:
            raise ValueError(f"image size must be at least 1x1 px, got {self.width}x{self.height}")

    @classmethod
    def from_hfov(cls, hfov_deg: float, width: int, height: int) -> Intrinsics:
        """Square pixels, centred principal point, and the given angle between the outer edges."""
        if not 0.0 < hfov_deg < 180.0:
            raise ValueError(f"hfov_deg must be between 0 and 180 degrees, got {hfov_deg}")
        focal = 0.5 * width / math.tan(math.radians(hfov_deg) / 2)
        return cls(focal, focal, (width - 1) / 2, (height - 1) / 2, width, height)

    @classmethod
    def from_camera_info(cls, info: CameraInfoLike, rectified: bool = False) -> Intrinsics:
        """Intrinsics of the image the driver delivers: region of interest and binning applied.

        K and P describe the full, unbinned sensor. Combining b x b pixels into one puts the new
        centre between the old ones: ``c' = (c - offset + 0.5) / b - 0.5``. (``image_geometry``
        divides without the half pixel, which is a shift of half a pixel at b = 2.)

        Args:
            info: a CameraInfo message of rclpy or rosbags.
            rectified: read P, as belongs to ``image_rect`` topics, instead of K.

        Raises:
            UncalibratedCamera: zero-filled or impossible numbers.
        """
        to_delivered, width, height = _delivered(info)
        k = to_delivered @ (_projection(info)[:, :3] if rectified else _camera_matrix(info))
        try:
            fx, fy, cx, cy = (float(k[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
            return cls(fx, fy, cx, cy, width, height)
        except ValueError as error:
            raise UncalibratedCamera(f"CameraInfo: {error}") from None

    @property
    def hfov_deg(self) -> float:
        """Horizontal angle between the outer edges of the first and the last column, in degrees."""
        left, right = (self.cx + 0.5) / self.fx, (self.width - 0.5 - self.cx) / self.fx
        return math.degrees(math.atan(left) + math.atan(right))

    def matrix(self) -> NDArray[np.float64]:
        """K, (3, 3): ``K @ point_optical`` is ``z * (u, v, 1)``."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    def scaled_to(self, width: int, height: int) -> Intrinsics:
        """The same view resized to ``width`` x ``height``; each axis has its own factor."""
        sx, sy = width / self.width, height / self.height
        cx, cy = (self.cx + 0.5) * sx - 0.5, (self.cy + 0.5) * sy - 0.5
        return Intrinsics(self.fx * sx, self.fy * sy, cx, cy, width, height)

    def strided(self, stride: int) -> Intrinsics:
        """The view that keeps pixels 0, n, 2n, ... of both axes, unaveraged: no half pixel."""
        if stride < 1:
            raise ValueError(f"stride must be at least 1, got {stride}")
        n = stride
        width, height = -(-self.width // n), -(-self.height // n)
        return Intrinsics(self.fx / n, self.fy / n, self.cx / n, self.cy / n, width, height)


class CameraInfoFields(NamedTuple):
    """The fields of a CameraInfo without region of interest and binning, row-major."""

    width: int
    height: int
    distortion_model: str
    d: list[float]
    k: list[float]  # 9
    r: list[float]  # 9
    p: list[float]  # 12


def scaled_camera_info_fields(info: CameraInfoLike, width: int, height: int) -> CameraInfoFields:
    """What to publish beside an image made from the camera's by resizing to ``width`` x ``height``.

    K and P are cropped, binned and resized together. P[3] (``-fx * baseline`` of a stereo pair)
    scales like fx. The distortion coefficients act on normalised coordinates and stay.

    Raises:
        UncalibratedCamera: zero-filled or impossible numbers.
    """
    to_delivered, delivered_width, delivered_height = _delivered(info)
    to_published = _resize(width / delivered_width, height / delivered_height) @ to_delivered
    rotation = _numbers(info.r, 9, "r")
    return CameraInfoFields(
        width=width,
        height=height,
        distortion_model=info.distortion_model,
        d=[float(x) for x in info.d],
        k=(to_published @ _camera_matrix(info)).ravel().tolist(),
        r=(rotation if rotation.any() else np.eye(3)).ravel().tolist(),
        p=(to_published @ _projection(info)).ravel().tolist(),
    )


def has_distortion(info: CameraInfoLike) -> bool:
    """Whether a distortion coefficient is set, so that K alone only approximates raw images."""
    return any(float(coefficient) != 0.0 for coefficient in info.d)


def _resize(sx: float, sy: float) -> NDArray[np.float64]:
    """The 3x3 map of pixel coordinates under a resize, with pixel centres at integers."""
    return np.array([[sx, 0.0, 0.5 * sx - 0.5], [0.0, sy, 0.5 * sy - 0.5], [0.0, 0.0, 1.0]])


def _delivered(info: CameraInfoLike) -> tuple[NDArray[np.float64], int, int]:
    """The map from full-sensor pixels to pixels of the delivered image, and that image's size."""
    roi = info.roi
    # All zeros is the message's way to say "the full image", and binning 0 means 1.
    width, height = int(roi.width) or int(info.width), int(roi.height) or int(info.height)
    bx, by = max(int(info.binning_x), 1), max(int(info.binning_y), 1)
    if width // bx < 1 or height // by < 1:
        raise UncalibratedCamera(
            f"CameraInfo describes an empty image ({info.width}x{info.height}, region {width}x"
            f"{height}, binning {bx}x{by}); set width and height in the camera's calibration"
        )
    crop = np.eye(3)
    crop[:2, 2] = -int(roi.x_offset), -int(roi.y_offset)
    return _resize(1 / bx, 1 / by) @ crop, width // bx, height // by


def _camera_matrix(info: CameraInfoLike) -> NDArray[np.float64]:
    k = _numbers(info.k, 9, "k").reshape(3, 3)
    if not k.any():
        raise UncalibratedCamera(
            "CameraInfo.k is all zeros: the camera is not calibrated; "
            "give the driver a calibration file or set the field of view by hand"
        )
    _require_focal_lengths(k, "k")
    return k


def _projection(info: CameraInfoLike) -> NDArray[np.float64]:
    p = _numbers(info.p, 12, "p").reshape(3, 4)
    if p.any():
        _require_focal_lengths(p, "p")
        return p
    if has_distortion(info):
        raise UncalibratedCamera(
            "CameraInfo.p is all zeros though the lens is distorted; "
            "recalibrate, or use the raw image instead of the rectified one"
        )
    # Many simulators and hand-written drivers fill K alone; without distortion the two agree.
    return np.hstack([_camera_matrix(info), np.zeros((3, 1))])


def _numbers(values: Any, count: int, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    if array.size != count or not np.isfinite(array).all():
        raise UncalibratedCamera(
            f"CameraInfo.{name} must hold {count} finite numbers, got {array.tolist()}; recalibrate"
        )
    return array


def _require_focal_lengths(matrix: NDArray[np.float64], name: str) -> None:
    if matrix[0, 0] <= 0 or matrix[1, 1] <= 0 or matrix[2, 2] == 0:
        raise UncalibratedCamera(
            f"CameraInfo.{name} has focal lengths {matrix[0, 0]:g} and {matrix[1, 1]:g} px and "
            f"scale {matrix[2, 2]:g}; they must be positive: recalibrate the camera"
        )
