# SPDX-License-Identifier: Apache-2.0
"""Brings a depth image onto the picture as the check of its registration found it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.depth.registration import Registration


def lay_onto_picture(depth_m: NDArray[Any], verdict: Registration) -> NDArray[np.float32]:
    """Zooms and shifts a depth image that is known not to be registered; others stay as they are.

    One zoom and one shift for all distances are right for the distances that the check saw most
    of: this takes the place of a registration by extrinsics only where nobody knows those.

    Args:
        depth_m: (h, w) metres along z; NaN or 0 is none.
        verdict: of the check, for this camera.

    Returns:
        (h, w) of the same kind; NaN where the depth image does not reach.
    """
    depth = np.asarray(depth_m, np.float32)
    if verdict.registered is not False:
        return depth
    height, width = depth.shape
    zoom = verdict.zoom
    right, down = (width * part for part in verdict.shift)
    moved = np.array(
        [
            [zoom, 0.0, (1.0 - zoom) * (width - 1) / 2 + right],
            [0.0, zoom, (1.0 - zoom) * (height - 1) / 2 + down],
        ]
    )
    return np.asarray(
        cv2.warpAffine(
            depth, moved, (width, height), flags=cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT, borderValue=float("nan"),
        ),
        np.float32,
    )  # fmt: skip
