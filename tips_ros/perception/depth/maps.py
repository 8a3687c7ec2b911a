# SPDX-License-Identifier: Apache-2.0
"""The depth head's map → a depth image."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def depth_at(depth_map: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, 1, h, w) metres → (B, H, W) metres along z, bilinear, fp32."""
    x = F.interpolate(depth_map.float(), size=size, mode="bilinear", align_corners=False)
    return x[:, 0]
