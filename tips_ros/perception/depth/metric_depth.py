# SPDX-License-Identifier: Apache-2.0
"""The one door between what a network says and the metres that anybody gets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.depth.depth_range import NEAR_THE_END, range_limited
from tips_ros.perception.depth.depth_scale import DepthScale


def in_metres(depth_m: NDArray[Any], scale: DepthScale, max_m: float) -> NDArray[np.float32]:
    """Predicted depth → metres, where the network can tell them.

    Args:
        depth_m: (H, W) along z, as the network said it.
        scale: what brings it to metres.
        max_m: the end of the network's own range, in its own metres: `max_depth_m` of its
            description.

    Returns:
        (H, W) float32: +Inf beyond the range, NaN where there is no depth; see `range_limited`.
        The array that was given, where nothing in it changes.

    Raises:
        ValueError: a scale that is not usable, or a range that makes no sense.
    """
    return range_limited(scale.applied(depth_m), scale.at(max_m))


def deviation_in_metres(
    stddev_m: NDArray[Any], depth_m: NDArray[np.float32], scale: DepthScale
) -> NDArray[np.float32]:
    """The deviation of predicted depth → that of depth in metres, without that of the scale.

    Args:
        stddev_m: (H, W) as the network said it.
        depth_m: (H, W) of `in_metres`.
        scale: as of `in_metres`.

    Returns:
        (H, W) float32 metres; NaN where depth is no distance. The array that was given, where
        nothing in it changes.
    """
    stddev = np.asarray(stddev_m, np.float32)
    if scale.factor != 1.0:
        stddev = stddev * np.float32(scale.factor)
    with np.errstate(invalid="ignore"):
        told = bool(depth_m.size == 0 or np.isfinite(depth_m.max() + depth_m.min()))
    return stddev if told else np.where(np.isfinite(depth_m), stddev, np.float32(np.nan))


def farthest_m(scale: DepthScale, max_m: float) -> float:
    """The metres from which on `in_metres` says +Inf."""
    return scale.at(max_m) * (1.0 - NEAR_THE_END)
