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
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Fault: TypeAlias = Literal[
    "file",  # no calibration file
    "size",  # of another image, or empty
    "absent",  # not filled in
    "numbers",  # not finite, or not as many as there should be
    "focal length",
    "angle of view",
    "principal point",
    "resolution",  # K is of another resolution than width and height
    "lens",  # a distortion model that is not known
    "coefficients",  # of the distortion
]


class UncalibratedCamera(ValueError):
    """A CameraInfo from which no intrinsics can be read; the message says what is wrong with it.

    Attributes:
        fault: the kind of what is wrong, the same whatever the numbers are.
    """

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.fault: Fault = fault


class CameraInfoLike(Protocol):
    """The fields that are read of a ``sensor_msgs/CameraInfo``, whichever library decoded it."""

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


def has_distortion(info: CameraInfoLike) -> bool:
    """Whether a distortion coefficient is set, so that K alone only approximates raw images."""
    return any(float(coefficient) != 0.0 for coefficient in info.d)
