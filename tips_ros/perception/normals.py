# SPDX-License-Identifier: Apache-2.0
"""The normals head's map → surface normals as ROS users expect them."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def normals_at(normals_map: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, 3, h, w), away from the camera, any length → (B, H, W, 3) unit, facing the camera.

    *Convention*: optical frame, x right, y down, z forward; a wall straight ahead has (0, 0, −1).
    As in the reference's notebook: normalise, resize bicubic, normalise again; then the sign
    is turned, because TIPS was trained on normals that point away from the camera.
    """
    x = F.normalize(normals_map.float(), dim=1)
    x = F.interpolate(x, size=size, mode="bicubic", align_corners=False)
    return -F.normalize(x, dim=1).permute(0, 2, 3, 1)
