# SPDX-License-Identifier: Apache-2.0
"""Points of another sensor as the camera would measure them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens


def sparse_depth(points_optical: NDArray[Any], lens: Lens) -> NDArray[np.float32]:
    """A depth image with a pixel for each point that falls into the picture.

    A sensor beside the camera also sees what is hidden from it. Of points on one pixel the nearest
    is taken; those that shine through between the points of a nearer thing remain, and a robust fit
    has to bear them.

    Args:
        points_optical: (N, 3) metres in the camera's optical frame; NaN for invalid ones.
        lens: of the image; its distortion applies.

    Returns:
        (H, W) float32 metres along z, NaN where no point fell.

    Raises:
        ValueError: not (N, 3).
    """
    height, width = lens.intrinsics.height, lens.intrinsics.width
    pixels = np.rint(lens.project(points_optical))
    u, v = pixels[:, 0], pixels[:, 1]
    inside = np.flatnonzero((u >= 0) & (u < width) & (v >= 0) & (v < height))  # NaN is not
    z = np.asarray(points_optical, np.float32)[inside, 2]
    order = np.argsort(-z, kind="stable")  # of one pixel's values the last written stays
    at = (v[inside].astype(np.int64) * width + u[inside].astype(np.int64))[order]
    depth = np.full(height * width, np.nan, np.float32)
    depth[at] = z[order]
    return depth.reshape(height, width)
