# SPDX-License-Identifier: Apache-2.0
"""Maps of the network at another size: any, depth, and normals as ROS users expect them.

*Convention*: pixel centres are half a pixel in (align_corners=False), a map goes on beyond its
border as it ends, and nothing is smoothed where it shrinks.
"""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Kind = Literal["bilinear", "bicubic"]
_OPENCV = {"bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}
_BAND_PIXELS = 1 << 15  # made at a time: they stay in a core's cache
_SHORTEST = 1e-12  # a vector that is shorter than this stays so


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


def normals_at(normals_map: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, 3, h, w), away from the camera, any length → (B, H, W, 3) unit, facing the camera.

    *Convention*: optical frame, x right, y down, z forward; a wall straight ahead has (0, 0, −1).
    As in the reference's notebook: normalise, resize bicubic, normalise again; then the sign
    is turned, because TIPS was trained on normals that point away from the camera.
    """
    x = normals_map.float()
    if x.device.type != "cpu":
        x = resize_maps(F.normalize(x, dim=1, eps=_SHORTEST), size, "bicubic")
        return -F.normalize(x, dim=1, eps=_SHORTEST).permute(0, 2, 3, 1)
    out = torch.empty(len(x), *size, 3, dtype=torch.float32)
    for planes, target in zip(x.detach().numpy(), out.numpy(), strict=True):
        units = torch.from_numpy(np.stack(_units(planes)))
        away = resize_maps(units[None], size, "bicubic")[0].numpy()
        rows = max(1, _BAND_PIXELS // size[1])
        for start in range(0, size[0], rows):
            band = slice(start, start + rows)
            cv2.merge(_units(away[:, band], -1), target[band])
    return out


def _units(planes: NDArray[Any], sign: int = 1) -> list[NDArray[Any]]:
    """x, y and z (3, H, W) of vectors → those of unit vectors, or of opposite ones.

    By numpy, which is faster here than torch, and exact: with `cv2.magnitude` the last bit depends
    on where an array lies in memory.
    """
    x, y, z = planes
    length = x * x
    length += y * y
    length += z * z
    np.sqrt(length, out=length)
    np.maximum(length, _SHORTEST, out=length)
    length *= sign
    return [plane / length for plane in planes]
