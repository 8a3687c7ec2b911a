# SPDX-License-Identifier: Apache-2.0
"""A plane under a camera.

*Convention*: optical frame (x right, y down, z forward), metres. ``up`` is the unit vector that
points away from the floor, to the camera's side of it, so that ``up . p + height_m`` is how far a
point p is above the plane, and the camera itself is ``height_m`` above it. A pixel's ray is
``(x / z, y / z, 1)``; on the plane the inverse depth ``1 / z = -up . ray / height_m`` is linear in
the pixels of a pinhole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Float64Array: TypeAlias = NDArray[np.float64]

CAMERA_UP = (0.0, -1.0, 0.0)  # of a level, upright camera


@dataclass(frozen=True)
class Plane:
    """``up . p + height_m = 0``.

    Attributes:
        up: unit vector.
        height_m: of the camera over it; positive.
    """

    up: tuple[float, float, float]
    height_m: float

    @classmethod
    def of(cls, up: Any, height_m: float) -> Plane:
        """Makes a plane of an up vector of any length above 0."""
        x, y, z = (float(value) for value in up)
        length = math.sqrt(x * x + y * y + z * z)
        return cls((x / length, y / length, z / length), float(height_m))

    @property
    def pitch_deg(self) -> float:
        """The angle by which the camera looks up from level; negative when it looks down."""
        return math.degrees(math.asin(max(-1.0, min(1.0, self.up[2]))))

    @property
    def roll_deg(self) -> float:
        """The camera's turn, clockwise about its optical axis, as seen from behind it."""
        return math.degrees(math.atan2(-self.up[0], -self.up[1]))

    @property
    def coefficients(self) -> tuple[float, float, float, float]:
        """a, b, c, d of ``a x + b y + c z + d = 0``, as shape_msgs/Plane has them."""
        return (*self.up, self.height_m)

    def angle_deg(self, up: Any) -> float:
        """Angle between this plane's up and another unit vector."""
        cosine = float(np.dot(self.up, np.asarray(up, np.float64)))
        sine = float(np.linalg.norm(np.cross(self.up, np.asarray(up, np.float64))))
        return math.degrees(math.atan2(sine, cosine))

    def heights(self, points: NDArray[Any]) -> NDArray[Any]:
        """(..., 3) points → (...) metres above the plane."""
        found: NDArray[Any] = points @ np.asarray(self.up, points.dtype) + self.height_m
        return found

    def transform(self, camera_from_other: NDArray[Any]) -> Plane | None:
        """The same plane from another place of the camera; None from below it.

        Args:
            camera_from_other: (4, 4) ``p_other = camera_from_other @ (p, 1)``: from the frame that
                this plane is in to the one that it is wanted in.
        """
        rotation = np.asarray(camera_from_other, np.float64)[:3, :3]
        up = rotation @ np.asarray(self.up)
        height = self.height_m - float(up @ np.asarray(camera_from_other, np.float64)[:3, 3])
        return Plane.of(up, height) if height > 0 else None


def level_rotation(up: Any) -> Float64Array:
    """(3, 3) from the optical frame into a level one: x ahead of the camera, y left, z up.

    Of a camera that looks straight down, and has nothing ahead, x is the picture's upper edge.
    """
    a, b, c = (float(value) for value in up)
    length = math.sqrt(a * a + b * b + c * c)
    a, b, c = a / length, b / length, c / length
    # The optical axis less what of it is along up; of one straight down, the picture's y.
    x = (-a * c, -b * c, 1.0 - c * c)
    size = math.sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2])
    if size < 1e-3:
        x = (-a * b * c, c - b * b * c, -b * c * c)
        size = math.sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2])
    d, e, f = x[0] / size, x[1] / size, x[2] / size
    return np.array([[d, e, f], [b * f - c * e, c * d - a * f, a * e - b * d], [a, b, c]])


def level_quaternion(up: Any) -> tuple[float, float, float, float]:
    """x, y, z, w of the rotation from the level frame into the optical one, as tf has it."""
    from transforms3d.quaternions import mat2quat

    w, x, y, z = mat2quat(level_rotation(up).T).tolist()
    return x, y, z, w
