# SPDX-License-Identifier: Apache-2.0
"""The arrays that were predicted for one image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.mounting import (
    MountingRotation,
    rotate_back,
    rotate_normals_back,
)


class Prediction(NamedTuple):
    """Arrays predicted for one image, all at one size (H, W); None for what was not asked for."""

    depth_m: NDArray[np.float32] | None = None  # (H, W) metres along z
    normals: NDArray[np.float32] | None = None  # (H, W, 3) unit, optical frame, facing the camera
    labels: NDArray[np.uint8] | None = None  # (H, W) published class ids, 255 unlabelled
    confidence: NDArray[np.uint8] | None = None  # (H, W) margin over the second class, 0 to 255
    stddev_m: NDArray[np.float32] | None = None  # (H, W) metres, the deviation of depth_m

    def rotate_back(self, mounting: MountingRotation) -> Prediction:
        """The same in the orientation of a camera that is mounted so, if this one is upright."""
        if mounting == 0:
            return self
        depth_m, normals, labels, confidence, stddev_m = self
        return Prediction(
            None if depth_m is None else rotate_back(depth_m, mounting),
            None if normals is None else rotate_normals_back(normals, mounting),
            None if labels is None else rotate_back(labels, mounting),
            None if confidence is None else rotate_back(confidence, mounting),
            None if stddev_m is None else rotate_back(stddev_m, mounting),
        )
