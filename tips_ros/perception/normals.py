# SPDX-License-Identifier: Apache-2.0
"""The normals head's map → surface normals as ROS users expect them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.perception.resizing import resize_maps

_BAND_PIXELS = 1 << 15  # made at a time: they stay in a core's cache
_SHORTEST = 1e-12  # a vector that is shorter than this stays so


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
