# SPDX-License-Identifier: Apache-2.0
"""One image after its pass, in metres, with the place that it was taken from: arrays only.

What is made of several frames, or of a frame in the world, begins here: steady depth, the floor and
what stands on it, a memory of things. It holds views of what the frame's other outputs are made of:
nothing of it is written to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens


@dataclass(frozen=True)
class PosedFrame:
    """Depth and what else was wanted of one image, all of one size (H, W); None where it was not.

    *Convention*: the camera's own orientation and its optical frame (x right, y down, z forward),
    pixel centres at integers. Depth is as the node publishes it (REP 117): +Inf is farther than the
    model can tell, NaN no depth.

    Attributes:
        stamp_ns: when the image was taken, nanoseconds.
        frame_id: the camera's optical frame; "" where nobody named it.
        depth_m: (H, W) metres along z.
        stddev_m: (H, W) metres, standard deviation of `depth_m` without that of its scale; NaN
            where depth is no distance.
        labels: (H, W) published class ids, 255 unlabelled.
        confidence: (H, W) the label's margin over the second class, 0 to 255.
        normals: (H, W, 3) unit vectors that face the camera.
        value_features: (h, w, D) of the image's patches, in the camera's orientation; any length.
        lens: the calibration at (H, W); None for a camera that nobody calibrated.
        world_from_camera: (4, 4) ``p_world = world_from_camera @ (p_optical, 1)`` at `stamp_ns`;
            None where the pose is not known.
        world_id: the frame that the pose is told in; "" without a pose.
    """

    stamp_ns: int
    frame_id: str = ""
    depth_m: NDArray[np.float32] | None = None
    stddev_m: NDArray[np.float32] | None = None
    labels: NDArray[np.uint8] | None = None
    confidence: NDArray[np.uint8] | None = None
    normals: NDArray[np.float32] | None = None
    value_features: NDArray[np.float32] | None = None
    lens: Lens | None = None
    world_from_camera: NDArray[np.float64] | None = None
    world_id: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of all its maps.

        Raises:
            ValueError: it has none.
        """
        for array in (self.depth_m, self.labels, self.normals):
            if array is not None:
                return array.shape[0], array.shape[1]
        raise ValueError("a posed frame without depth, labels and normals has no size")
