# SPDX-License-Identifier: Apache-2.0
"""The scene that pictures show, at their own resolution."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from training.network.architecture import CLASSES

UNLABELLED = len(CLASSES)  # position after the last class
_LEAST_M, _MOST_M = 0.05, 30.0


class Scene(NamedTuple):
    """N pictures' scene; every pixel has a point, also where nothing was measured."""

    points: Tensor  # (N, 3, S, S) metres, x right, y down, z along the optical axis
    normals: Tensor  # (N, 3, S, S) facing the camera; 0 where none
    classes: Tensor  # (N, S, S) int64 position in CLASSES, or UNLABELLED
    footprint_m: Tensor  # (N, 1, S, S) how much of a surface a pixel sees


def unprojected(depth_m: Tensor, normals: Tensor, classes: Tensor, focal_ratio: Tensor) -> Scene:
    """The scene of truth that is as large as the pictures.

    Args:
        depth_m: (N, S, S), 0 where none.
        normals: (N, 3, S, S).
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
    footprint = z / (focal_ratio[:, None, None, None] * side * facing.clamp_min(0.1))
    return Scene(points, normals, classes.clamp_max(UNLABELLED), footprint)


def _smooth(depth_m: Tensor) -> Tensor:
    """Without the steps of what was stored: of a plane, 1 / depth is linear in the picture."""
    near = 1 / depth_m
    mean = F.avg_pool2d(near, 7, stride=1, padding=3, count_include_pad=False)
    return 1 / torch.where((mean - near).abs() < 0.04 * near, mean, near)
