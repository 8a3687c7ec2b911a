# SPDX-License-Identifier: Apache-2.0
"""Pictures of a prediction's errors: dark is right, bright is wrong."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.metrics.normals import angles_deg
from tips_ros.evaluation.sample import IGNORED
from tips_ros.perception.map_pictures import Picture

WORST_RELATIVE = 0.5  # error of depth that is shown brightest
WORST_DEG = 60.0  # error of normals that is shown brightest
_RIGHT, _WRONG = (40, 90, 60), (240, 70, 50)
_NOT_COUNTED = (0, 0, 60)  # a blue that the other colours don't have


def depth_error_picture(
    predicted_m: NDArray[np.float32],
    truth_m: NDArray[np.float32],
    counts: NDArray[np.bool_],
) -> Picture:
    """(H, W, 3) of |p − t| / t; dark blue where the truth doesn't count."""
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.abs(predicted_m - truth_m) / truth_m
    return _heat(np.nan_to_num(relative / WORST_RELATIVE, nan=1.0, posinf=1.0), counts)


def normal_error_picture(predicted: NDArray[np.float32], truth: NDArray[np.float32]) -> Picture:
    """(H, W, 3) of the angle between them; dark blue where the truth has none."""
    angles = angles_deg(predicted, truth)
    return _heat(np.nan_to_num(angles / WORST_DEG), np.isfinite(angles))


def label_error_picture(labels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> Picture:
    """(H, W, 3): right green, wrong red, ignored dark blue."""
    picture = np.full((*truth.shape, 3), _WRONG, np.uint8)
    picture[labels == truth] = _RIGHT
    picture[truth == IGNORED] = _NOT_COUNTED
    return picture


def error_colors() -> Picture:
    """(256, 3) RGB of errors from none to the worst."""
    index = np.arange(256, dtype=np.uint8)[None]
    return np.array(cv2.applyColorMap(index, cv2.COLORMAP_INFERNO)[0, :, ::-1], np.uint8)


def _heat(share: NDArray[Any], counts: NDArray[np.bool_]) -> Picture:
    """0 is black, 1 and above is the brightest."""
    index = np.rint(np.clip(share, 0.0, 1.0) * 255).astype(np.uint8)
    picture = error_colors()[index]
    picture[~counts] = _NOT_COUNTED
    return picture
