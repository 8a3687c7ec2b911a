# SPDX-License-Identifier: Apache-2.0
"""The scene that pictures show; space at half their resolution, which is about the truth's own."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from training.network.architecture import CLASSES

UNLABELLED = len(CLASSES)  # position after the last class
_LEAST_M, _MOST_M = 0.05, 30.0


class Scene(NamedTuple):
    """Scene of N pictures of S × S; every point is there, also where nothing was measured."""

    points: Tensor  # (N, 3, S/2, S/2) metres, x right, y down, z along the optical axis
    normals: Tensor  # (N, 3, S/2, S/2) facing the camera; 0 where none
    footprint_m: Tensor  # (N, 1, S/2, S/2) how much of a surface a pixel of the picture sees
    classes: Tensor  # (N, S, S) int64 position in CLASSES, or UNLABELLED


def unprojected(depth_m: Tensor, normals: Tensor, classes: Tensor, focal_ratio: Tensor) -> Scene:
    """The scene of some truth.

    Args:
        depth_m: (N, S/2, S/2), 0 where none.
        normals: (N, 3, S/2, S/2).
        classes: (N, S, S) position in CLASSES, anything above where unlabelled.
        focal_ratio: (N,) fx / width of the pictures.
    """
    side = depth_m.shape[-1]
    at = (torch.arange(side, device=depth_m.device) + 0.5) / side - 0.5
    z = _smooth(depth_m[:, None].clamp(_LEAST_M, _MOST_M))
    rays = at / focal_ratio[:, None]  # (N, S)
    x, y = z * rays[:, None, None, :], z * rays[:, None, :, None]
    points = torch.cat([x, y, z], dim=1)
    along = (points * normals).sum(dim=1, keepdim=True).abs()
    facing = along / points.square().sum(dim=1, keepdim=True).sqrt()
    footprint = z / (focal_ratio[:, None, None, None] * 2 * side * facing.clamp_min(0.1))
    return Scene(points, normals, footprint, classes.clamp_max(UNLABELLED))


def _smooth(depth_m: Tensor) -> Tensor:
    """Without the steps of what was stored: of a plane, 1 / depth is linear in the picture."""
    near = 1 / depth_m
    mean = F.avg_pool2d(near, 5, stride=1, padding=2, count_include_pad=False)
    return 1 / torch.where((mean - near).abs() < 0.04 * near, mean, near)
