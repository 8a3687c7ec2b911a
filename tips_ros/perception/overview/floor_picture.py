# SPDX-License-Identifier: Apache-2.0
"""The floor and what stands on it as pictures for people, (H, W, 3) uint8 RGB."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.cells import spread
from tips_ros.perception.ground.ground import GroundView
from tips_ros.perception.ground.level_scan import LevelScan
from tips_ros.perception.map_pictures import Picture, overlay

FLOOR, LOW, HIGH, DROP = (46, 160, 67), (255, 176, 32), (224, 49, 49), (156, 54, 214)
KEY = {"floor": FLOOR, "to 10 cm": LOW, "higher": HIGH, "drop": DROP}
_HIGH_M = 0.1  # an obstacle that is higher is drawn as a high one
_PAPER, _FREE, _GRID, _INK = (24, 27, 32), (38, 70, 48), (62, 68, 78), (150, 158, 170)


def floor_picture(rgb: Picture, view: GroundView) -> Picture:
    """Floor green, obstacles red, those up to 10 cm high orange, drops violet; the rest as it is.

    Args:
        rgb: (H, W, 3) uint8, of the size that the view was made at.
        view: of that frame; without a floor nothing is drawn.
    """
    parts = view.parts
    if parts is None:
        return rgb.copy()
    kinds = np.full(view.cells.shape, 255, np.uint8)
    kinds[parts.ground] = 0
    kinds[parts.obstacle] = 1
    with np.errstate(invalid="ignore"):
        kinds[parts.obstacle & (parts.heights_m > _HIGH_M)] = 2
    kinds[parts.drop] = 3
    palette = np.zeros((256, 3), np.uint8)
    palette[:4] = FLOOR, LOW, HIGH, DROP
    size = (rgb.shape[0], rgb.shape[1])
    return overlay(rgb, np.asarray(spread(kinds, view.cells.side, size), np.uint8), palette)


def scan_picture(scan: LevelScan, size: tuple[int, int] = (480, 480)) -> Picture:
    """The scan from above, the camera at the lower edge: free is green, what is near red.

    Args:
        scan: of a frame; one that saw nothing is an empty picture.
        size: (height, width), pixels.
    """
    height, width = size
    picture = np.full((height, width, 3), _PAPER, np.uint8)
    reach = scan.range_max_m or 1.0
    foot = (width // 2, height - 12)
    per_m = max(height - 24, 0) / reach  # of a picture that is too low all is at the foot
    for metres in range(1, math.ceil(reach) + 1):
        radius = round(metres * per_m)
        cv2.circle(picture, foot, radius, _GRID, 1, cv2.LINE_AA)
    bearings = scan.angle_min + scan.angle_increment * np.arange(scan.ranges_m.size)
    seen = ~np.isnan(scan.ranges_m)
    ends = np.where(np.isinf(scan.ranges_m), scan.range_max_m, np.nan_to_num(scan.ranges_m))
    half = scan.angle_increment / 2
    for bearing, end in zip(bearings[seen], ends[seen], strict=True):
        corners = [foot, *(_place(foot, bearing + turn, end * per_m) for turn in (-half, half))]
        cv2.fillConvexPoly(picture, np.array(corners, np.int32), _FREE, cv2.LINE_AA)
    for at in np.flatnonzero(np.isfinite(scan.ranges_m)):
        place = _place(foot, float(bearings[at]), float(scan.ranges_m[at]) * per_m)
        cv2.circle(picture, place, 2, HIGH, -1, cv2.LINE_AA)
    cv2.circle(picture, foot, 5, (255, 255, 255), -1, cv2.LINE_AA)
    for metres in range(1, math.ceil(reach)):
        where = (foot[0] + 4, foot[1] - round(metres * per_m) - 3)
        cv2.putText(picture, f"{metres} m", where, 0, 0.42, _INK, 1, cv2.LINE_AA)
    return picture


def floor_sheet(rgb: Picture, view: GroundView) -> NDArray[np.uint8]:
    """(H, W + H, 3): the picture with floor and obstacles, and the scan beside it."""
    painted = floor_picture(rgb, view)
    return np.concatenate([painted, scan_picture(view.scan, (painted.shape[0],) * 2)], axis=1)


def _place(foot: tuple[int, int], bearing: float, pixels: float) -> tuple[int, int]:
    left, ahead = math.sin(bearing) * pixels, math.cos(bearing) * pixels
    return round(foot[0] - left), round(foot[1] - ahead)
