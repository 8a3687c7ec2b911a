# SPDX-License-Identifier: Apache-2.0
"""A thing as one key frame shows it, in the memory's frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.regions.oriented_box import OrientedBox

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sighting:
    """A thing as one key frame shows it.

    Attributes:
        name: of its class.
        place_m: (3,) centroid of its surface.
        covariance_m2: (3, 3) of that.
        box: around its surface.
        points_m: (N, 3) of its surface.
        depth_m: of its middle, along the camera's axis.
        ray: (3,) how a point of it moves with a metre of depth.
        sigma_m: deviation of its depth.
        feature: (D,) unit; None without value features.
        score: of its class, 0 to 1; NaN where nobody tells.
        quality: of the view, more is better.
        stamp_ns: when.
        track: camera and id of who followed it.
        class_id: that its pixels have.
    """

    name: str
    place_m: Float64Array
    covariance_m2: Float64Array
    box: OrientedBox
    points_m: Float64Array
    depth_m: float
    ray: Float64Array
    sigma_m: float
    feature: NDArray[np.float32] | None
    score: float
    quality: float
    stamp_ns: int
    track: tuple[str, int]
    class_id: int
