# SPDX-License-Identifier: Apache-2.0
"""Checks that a camera matrix can be that of a camera with such a picture.

Bounds are far from any camera that exists: fisheyes whose image circle covers a part of the sensor,
lenses and binning that squeeze one axis, telescopes, and windows of a sensor pass. Placeholders
(identity, ones), lengths in millimetres or as a share of the width, and matrices of another
resolution don't.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import UncalibratedCamera

_WIDEST_DEG = 85.0  # off the axis, by a pinhole; a fisheye's matrix says less than it sees
_NARROWEST_DEG = 0.1  # angle of view
_ANISOTROPY = 3.0  # anamorphic lenses and binning of one axis come to 2
# Of half the picture, by which both coordinates of the principal point are off to one corner.
_OFF_TO_A_CORNER = 0.3
_BINNED_OFF_CENTRE = 0.15  # of the picture


def check_pinhole(
    matrix: NDArray[np.float64], size: tuple[int, int], axis: NDArray[np.float64], name: str
) -> None:
    """
    Args:
        matrix: (3, 3) or (3, 4), of homogeneous scale 1; finite.
        size: (width, height) of the picture it belongs to, pixels.
        axis: (3,) the lens's own axis in the frame of the matrix: z, but for stereo pairs.
        name: of the matrix, for people.

    Raises:
        UncalibratedCamera: it can't be that picture's; the message says why.
    """
    fx, fy, cx, cy = (float(matrix[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
    width, height = size
    if fx <= 0 or fy <= 0:
        raise UncalibratedCamera(
            f"{name} has focal lengths {fx:g} and {fy:g} px; they must be positive: "
            "recalibrate the camera",
            "focal length",
        )
    edges = {
        "column": max(cx + 0.5, width - 0.5 - cx) / fx,
        "row": max(cy + 0.5, height - 0.5 - cy) / fy,
    }
    for line, slope in edges.items():
        if slope > math.tan(math.radians(_WIDEST_DEG)):
            off_deg = math.degrees(math.atan(slope))
            raise UncalibratedCamera(
                f"{name} has focal lengths {fx:g} and {fy:g} px and principal point ({cx:g}, "
                f"{cy:g}): the outermost {line} of a {width}x{height} picture would look "
                f"{off_deg:.1f} degrees off the axis; the camera is not calibrated",
                "angle of view",
            )
    widest_deg = max(2 * math.degrees(math.atan(slope)) for slope in edges.values())
    if widest_deg < _NARROWEST_DEG:
        raise UncalibratedCamera(
            f"{name} has focal lengths {fx:g} and {fy:g} px: a {width}x{height} picture would be "
            f"{widest_deg:.2g} degrees wide; the camera is not calibrated",
            "angle of view",
        )
    if max(fx / fy, fy / fx) > _ANISOTROPY:
        raise UncalibratedCamera(
            f"{name} has focal lengths {fx:g} and {fy:g} px, which no pixel is so oblong for; "
            "recalibrate the camera",
            "focal length",
        )
    _check_principal_point(matrix, size, axis, name)


def is_binned_already(
    matrix: NDArray[np.float64], sensor: tuple[int, int], binning: tuple[int, int]
) -> bool:
    """Whether it is of the binned picture, though it should be of the full sensor.

    Its principal point then lies in the middle of the binned picture along each binned axis, which
    is far from the middle of the sensor.
    """
    binned = [i for i in (0, 1) if binning[i] > 1]
    for i in binned:
        place = (float(matrix[i, 2]) + 0.5) / sensor[i]
        if abs(place - 0.5) <= _BINNED_OFF_CENTRE:
            return False
        if abs(place * binning[i] - 0.5) > _BINNED_OFF_CENTRE:
            return False
    return bool(binned)


def _check_principal_point(
    matrix: NDArray[np.float64], size: tuple[int, int], axis: NDArray[np.float64], name: str
) -> None:
    seen: NDArray[Any] = matrix[:, :3] @ axis
    with np.errstate(divide="ignore", invalid="ignore"):
        u, v = seen[:2] / seen[2] if seen[2] > 0 else (np.inf, np.inf)
    width, height = size
    if not (-0.5 <= u <= width - 0.5 and -0.5 <= v <= height - 0.5):
        raise UncalibratedCamera(
            f"{name} has its principal point ({u:g}, {v:g}) outside the {width}x{height} picture: "
            "it belongs to another one; recalibrate the camera at this resolution",
            "principal point",
        )
    off_x, off_y = 2 * (u + 0.5) / width - 1, 2 * (v + 0.5) / height - 1
    if min(abs(off_x), abs(off_y)) > _OFF_TO_A_CORNER and off_x * off_y > 0:
        raise UncalibratedCamera(
            f"{name} has its principal point ({u:g}, {v:g}) off to a corner of the {width}x"
            f"{height} picture, as if it was of a {2 * u + 1:.0f}x{2 * v + 1:.0f} one; recalibrate "
            "the camera at this resolution",
            "resolution",
        )
