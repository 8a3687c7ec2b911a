# SPDX-License-Identifier: Apache-2.0
"""Depth's standard deviation, from one pass."""

from __future__ import annotations

import torch
from torch import Tensor

from tips_ros.model.tips import DenseMaps
from tips_ros.perception.deviation.cues import Focal, cues_of
from tips_ros.perception.deviation.model import DeviationModel
from tips_ros.perception.resizing import resize_maps

_LEAST, _MOST = 1e-3, 3.0  # of the depth: what is beyond nobody can use


def stddev_map(maps: DenseMaps, model: DeviationModel, focal: Focal) -> Tensor:
    """(B, 1, h, w) metres of the network, fp32: the deviation of `maps.depth`.

    Args:
        maps: with depth and its evidence.
        model: the coefficients.
        focal: of the camera as the network takes it.
    """
    cues = cues_of(maps, focal)
    assert maps.depth is not None
    coefficients = model.together if "class_doubt" in cues else model.alone
    logarithm = torch.zeros_like(cues["depth"])
    for cue, coefficient in coefficients.items():
        logarithm.add_(cues[cue], alpha=coefficient)
    relative = logarithm.exp_().clamp_(_LEAST, _MOST)
    return resize_maps(relative, (maps.depth.shape[-2], maps.depth.shape[-1])).mul_(maps.depth)


def stddev_at(
    maps: DenseMaps, model: DeviationModel, focal: Focal, size: tuple[int, int]
) -> Tensor:
    """(B, H, W) metres of the network; for the rest see `stddev_map`."""
    return resize_maps(stddev_map(maps, model, focal), size)[:, 0]
