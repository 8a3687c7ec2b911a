# SPDX-License-Identifier: Apache-2.0
"""Maps of the network at another size.

*Convention*: pixel centres are half a pixel in (align_corners=False), a map goes on beyond its
border as it ends, and nothing is smoothed where it shrinks.
"""

from __future__ import annotations

from typing import Literal

import cv2
import torch
import torch.nn.functional as F
from torch import Tensor

Kind = Literal["bilinear", "bicubic"]
_OPENCV = {"bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}


def resize_maps(maps: Tensor, size: tuple[int, int], kind: Kind = "bilinear") -> Tensor:
    """(B, C, h, w) fp32 → (B, C, H, W), on the same device.

    On the CPU it is OpenCV that resizes, from five (bilinear) to thirty (bicubic) times as fast as
    torch; they differ by what rounding a position to fp32 makes of it, about 1e-7 of its pixels.
    """
    if maps.device.type != "cpu":
        return F.interpolate(maps, size=size, mode=kind, align_corners=False)
    out = torch.empty((*maps.shape[:2], *size), dtype=torch.float32)
    sources = maps.detach().flatten(0, 1).contiguous().numpy()
    for source, target in zip(sources, out.flatten(0, 1).numpy(), strict=True):
        cv2.resize(source, size[::-1], target, interpolation=_OPENCV[kind])
    return out


def depth_at(depth_map: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, 1, h, w) metres → (B, H, W) metres along z, bilinear, fp32."""
    return resize_maps(depth_map.float(), size)[:, 0]
