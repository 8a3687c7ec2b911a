# SPDX-License-Identifier: Apache-2.0
"""Depth of one camera from a network that was trained with another."""

from __future__ import annotations

from tips_ros.perception.camera import Intrinsics
from tips_ros.perception.description import ModelDescription


def focal_scale(intrinsics: Intrinsics, description: ModelDescription) -> float:
    """What predicted depth is multiplied with on this camera: its fx / width by the trained one's.

    A network that sees every image at one size can't tell a narrow view from a near one. Its depth
    is right up to the ratio of the focal lengths in image widths.
    """
    return intrinsics.fx / intrinsics.width / description.focal_ratio
