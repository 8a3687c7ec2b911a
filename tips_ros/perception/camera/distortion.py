# SPDX-License-Identifier: Apache-2.0
"""Distortion models of `sensor_msgs/CameraInfo`: from a ray to the distorted one, and back.

Convention:
    * Both sides are normalised image coordinates in the optical frame (x right, y down): a point
      is seen at ``(x / z, y / z)``, and the lens puts it at ``(u - cx) / fx, (v - cy) / fy``.
    * The formulas and the order of the coefficients are OpenCV's: ``k1 k2 p1 p2 [k3 [k4 k5 k6
      [s1 s2 s3 s4 [tx ty]]]]`` for plumb_bob and rational_polynomial, ``k1 k2 k3 k4`` for
      equidistant (`cv2.fisheye`).

Distortion polynomials are right where they were fitted. Farther out they fold back, and a second
ray would seem to fall on the same pixel; what lies beyond the fold has no ray here (NaN).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import CameraInfoLike, Fault, UncalibratedCamera
from tips_ros.perception.camera.lenses import brown as brown_lens
from tips_ros.perception.camera.lenses import fisheye as fisheye_lens
from tips_ros.texts.printable import quote

Float64Array: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = Literal["none", "brown", "fisheye"]

_KIND_OF: dict[str, Kind] = {
    "plumb_bob": "brown",
    "rational_polynomial": "brown",
    "equidistant": "fisheye",
}
# The same lenses as calibration tools and camera drivers call them; only letters and digits count.
_ROS_NAME_OF = {
    "plumbbob": "plumb_bob",
    "brownconrady": "plumb_bob",
    "radtan": "plumb_bob",
    "radialtangential": "plumb_bob",
    "rationalpolynomial": "rational_polynomial",
    "rational": "rational_polynomial",
    "radtan8": "rational_polynomial",
    "equidistant": "equidistant",
    "fisheye": "equidistant",
    "equi": "equidistant",
    "kannalabrandt": "equidistant",
    "kannalabrandt4": "equidistant",
    "kannalabrandt8": "equidistant",
    "kb4": "equidistant",
}

_MOST = 1e9  # of a coefficient


class BadDistortion(UncalibratedCamera):
    """Distortion coefficients that mean nothing; the message says why and what to do."""

    def __init__(self, message: str, fault: Fault = "coefficients") -> None:
        super().__init__(message, fault)


def ros_model_name(name: str, coefficients: Sequence[float]) -> str:
    """The name that `sensor_msgs` has for a lens; another name as it is.

    Without a name a lens is what its number of coefficients says, which is what
    `camera_calibration_parsers` assumes: up to five are plumb_bob, eight and more
    rational_polynomial.
    """
    if not name.strip() and any(coefficients):
        return "plumb_bob" if len(coefficients) <= 5 else "rational_polynomial"
    return _ROS_NAME_OF.get(re.sub(r"[^a-z0-9]", "", name.lower()), name.strip())


def is_lens_name(name: str) -> bool:
    """Whether it names a lens that is known here."""
    return ros_model_name(name, ()) in _KIND_OF


@dataclass(frozen=True)
class Distortion:
    """A lens, without the camera behind it.

    Attributes:
        kind: none (pinhole), brown (plumb_bob, rational_polynomial, thin prism, tilt) or fisheye.
        coefficients: in OpenCV's order; 14 for brown, 4 for fisheye, none for none.

    Raises:
        BadDistortion: another number of coefficients than the kind takes, or NaN among them.
    """

    kind: Kind = "none"
    coefficients: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        count = {"none": 0, "brown": brown_lens.COUNT, "fisheye": fisheye_lens.COUNT}[self.kind]
        if len(self.coefficients) != count:
            raise BadDistortion(
                f"a {self.kind} lens has {count} coefficients, got {len(self.coefficients)}"
            )
        if not all(math.isfinite(number) for number in self.coefficients):
            raise BadDistortion(f"coefficients must be finite, got {list(self.coefficients)}")

    @classmethod
    def from_camera_info(cls, info: CameraInfoLike, rectified: bool = False) -> Distortion:
        """The lens of a raw image, or none for a rectified one.

        Coefficients that are all zero are no distortion whatever the model is called, but for
        equidistant, whose zeros are the ideal fisheye. A lens without a name is what its number
        of coefficients says, see `ros_model_name`. Cropping, binning and resizing change K alone:
        D acts on normalised coordinates.

        Raises:
            BadDistortion: a wrong count, NaN, or a model that is not known here.
        """
        if rectified:
            return NO_DISTORTION
        numbers = tuple(float(number) for number in info.d)
        name = ros_model_name(str(info.distortion_model), numbers)
        kind = _KIND_OF.get(name, "none")
        if not all(math.isfinite(number) for number in numbers):
            raise BadDistortion(
                f"CameraInfo.d must be finite, got {list(numbers)[:14]}; recalibrate the camera"
            )
        if any(abs(number) > _MOST for number in numbers):  # its powers may be no numbers
            raise BadDistortion(
                f"CameraInfo.d has numbers that no lens has, {list(numbers)[:14]}; recalibrate "
                "the camera"
            )
        if kind != "fisheye" and not any(numbers):
            return NO_DISTORTION
        if kind == "none":
            raise BadDistortion(
                f"CameraInfo.distortion_model {quote(name)} is not known; use one of "
                f"{', '.join(_KIND_OF)}, or the rectified image",
                "lens",
            )
        return cls(kind, _complete(kind, name, numbers))

    @property
    def is_none(self) -> bool:
        return self.kind == "none"

    def distort(self, xy: Float64Array) -> Float64Array:
        """(N, 2) where rays ``x / z, y / z`` fall: (N, 2), NaN where the lens does not see them."""
        xy = _pairs(xy)
        if self.kind == "brown":
            return brown_lens.distort(xy, self.coefficients)
        if self.kind == "fisheye":
            return fisheye_lens.distort(xy, self.coefficients)
        return xy.copy()

    def undistort(self, distorted: Float64Array) -> Float64Array:
        """(N, 2) rays ``x / z, y / z`` that fall there: (N, 2), NaN where no ray does."""
        distorted = _pairs(distorted)
        if self.kind == "brown":
            return brown_lens.undistort(distorted, self.coefficients)
        if self.kind == "fisheye":
            return fisheye_lens.undistort(distorted, self.coefficients)
        return distorted.copy()


NO_DISTORTION = Distortion()


def _complete(kind: Kind, name: str, numbers: tuple[float, ...]) -> tuple[float, ...]:
    """Fills up to as many coefficients as the kind has; the absent ones are zero."""
    if kind == "brown":
        # Some drivers fill up the vector of every lens to the same length.
        filled = (n for n in brown_lens.COUNTS if n <= len(numbers) and not any(numbers[n:]))
        count = next(filled, None)
        if count is None:
            counts = ", ".join(map(str, brown_lens.COUNTS))
            raise BadDistortion(
                f"CameraInfo.d of a {name} lens must hold {counts} numbers, got {len(numbers)}; "
                "recalibrate the camera"
            )
        return numbers[:count] + (0.0,) * (brown_lens.COUNT - count)
    if len(numbers) < fisheye_lens.COUNT or any(numbers[fisheye_lens.COUNT :]):
        raise BadDistortion(
            f"CameraInfo.d of a {name} lens must hold {fisheye_lens.COUNT} numbers, got "
            f"{len(numbers)}; recalibrate the camera"
        )
    return numbers[: fisheye_lens.COUNT]


def _pairs(xy: Float64Array) -> Float64Array:
    array = np.asarray(xy, np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"normalised coordinates must be (N, 2), got {array.shape}")
    return array
