# SPDX-License-Identifier: Apache-2.0
"""Depth of one camera from a network that was trained with another."""

from __future__ import annotations

import math

from tips_ros.perception.camera.camera_info import Intrinsics


def focal_scale(intrinsics: Intrinsics, focal_ratio: float) -> float:
    """What predicted depth is multiplied with on this camera: its fx / width by the trained one's.

    A network that sees every image at one size can't tell a narrow view from a near one. Its depth
    is right up to the ratio of the focal lengths in image widths. The whole picture is squeezed
    into the network's input, so neither the picture's size nor the input's, square or not, plays a
    part; a crop does, and its intrinsics say so.

    The width stands for both axes, as in the training. With square pixels, fy / height differs from
    it by the picture's shape alone, which the squeezing hides from the network: on a picture that
    is wider than the training's (16:9 against 4:3), things look as near as this number says by
    their width, and a quarter nearer by their height. No factor is right for both.

    Args:
        intrinsics: of the image as the network sees it, upright (see `mounting`).
        focal_ratio: fx / width of the camera the depth head was trained with.

    Raises:
        ValueError: a focal ratio that is not a positive number.
    """
    if not (math.isfinite(focal_ratio) and focal_ratio > 0):
        raise ValueError(f"focal_ratio must be a positive number, got {focal_ratio}")
    return intrinsics.fx / intrinsics.width / focal_ratio
