# SPDX-License-Identifier: Apache-2.0
"""The depth head's map → a depth image."""

from __future__ import annotations

from torch import Tensor

from tips_ros.perception.resizing import resized


def depth_at(depth_map: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, 1, h, w) metres → (B, H, W) metres along z, bilinear, fp32."""
    return resized(depth_map.float(), size)[:, 0]
