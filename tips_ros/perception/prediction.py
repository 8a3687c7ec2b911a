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
from tips_ros.perception.depth.depth_scale import DepthScale, deviation_in_metres, to_metres


class Prediction(NamedTuple):
    """Arrays predicted for one image, all at one size (H, W); None for what was not asked for."""

    depth_m: NDArray[np.float32] | None = None  # (H, W) metres along z
    normals: NDArray[np.float32] | None = None  # (H, W, 3) unit, optical frame, facing the camera
    labels: NDArray[np.uint8] | None = None  # (H, W) published class ids, 255 unlabelled
    confidence: NDArray[np.uint8] | None = None  # (H, W) margin over the second class, 0 to 255
    stddev_m: NDArray[np.float32] | None = None  # (H, W) metres, the deviation of depth_m

    def to_metres(self, scale: DepthScale, max_m: float) -> Prediction:
        """The same with its depth and the deviation in metres, see `depth_scale`.

        Args:
            scale: what brings the network's depth to metres.
            max_m: the end of its range: `max_depth_m` of its description.

        Raises:
            ValueError: a scale that is not usable.
        """
        if self.depth_m is None:
            return self
        depth_m, stddev_m = to_metres(self.depth_m, scale, max_m), self.stddev_m
        if stddev_m is not None:
            stddev_m = deviation_in_metres(stddev_m, depth_m, scale)
        return self._replace(depth_m=depth_m, stddev_m=stddev_m)

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
