# SPDX-License-Identifier: Apache-2.0
"""A start for the patches' layer and the positions from which a short training gets far.

Colours in [0, 1] are mostly brightness: random filters all answer with it, and it takes thousands
of steps until they see anything else. Whitened principal components of the patches themselves
answer with one thing each, all equally strong, from the first step on.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tips_ros.model.vit import VisionTransformer

_PICTURES = 600
_NOISE = 1e-2  # added to each component's deviation: the faintest are mostly grain
_POSITION_SCALE = 0.3


@torch.no_grad()
def start_first_layer(backbone: VisionTransformer, rgb: NDArray[np.uint8]) -> None:
    """Sets the patch embedding and the position embedding.

    Args:
        backbone: whose weights are set, in place.
        rgb: (N, H, W, 3) pictures of the size it is trained at; some of them are looked at.
    """
    patch, width = backbone.config.patch, backbone.config.width
    patches = _patches(rgb[:: max(1, len(rgb) // _PICTURES)], patch)  # (M, 3·p·p)
    mean = patches.mean(dim=0)
    spread, directions = torch.linalg.eigh(torch.cov((patches - mean).T))
    # eigh sorts upwards: the last ones vary most.
    spread, directions = spread[-width:].flip(0), directions[:, -width:].flip(1)
    filters = (directions / (spread.clamp_min(0).sqrt() + _NOISE)).T  # (D, 3·p·p)
    projection = backbone.patch_embed.proj
    projection.weight.copy_(filters.view_as(projection.weight))
    assert projection.bias is not None
    projection.bias.copy_(-filters @ mean)
    side = backbone.config.pos_grid
    backbone.pos_embed[0, 1:].copy_(_POSITION_SCALE * _waves(side, width))


def _patches(rgb: NDArray[np.uint8], patch: int) -> Tensor:
    images = torch.from_numpy(np.ascontiguousarray(rgb)).permute(0, 3, 1, 2).float() / 255
    columns = torch.nn.functional.unfold(images, patch, stride=patch)  # (N, 3·p·p, h·w)
    return columns.transpose(1, 2).flatten(0, 1)


def _waves(side: int, width: int) -> Tensor:
    """(side², width) sines and cosines of the row and of the column."""
    count = width // 4
    rates = 1 / 100 ** (torch.arange(count) / count)
    angles = torch.arange(side)[:, None] * rates  # (side, count)
    one = torch.cat([angles.sin(), angles.cos()], dim=1)  # (side, width / 2)
    rows = one[:, None].expand(side, side, -1)
    columns = one[None].expand(side, side, -1)
    result = torch.cat([rows, columns], dim=2).flatten(0, 1)
    return math.sqrt(2) * result
