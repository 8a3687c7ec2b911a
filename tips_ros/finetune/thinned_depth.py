# SPDX-License-Identifier: Apache-2.0
"""A head's last layers at every second pixel: a quarter of the work, where a loss needs no more."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.dpt import DptDecoder
from tips_ros.model.heads import DepthHead
from tips_ros.model.vit import LayerFeatures


def decode_thinned(
    dpt: DptDecoder, layers: Sequence[LayerFeatures], offset: tuple[int, int]
) -> Tensor:
    """The decoder's output at every second pixel.

    Args:
        dpt: the decoder.
        layers: four intermediate layers of B images.
        offset: (row, column) of the first pixel, each 0 or 1.

    Returns:
        (B, channels, 4h, 4w)
    """
    x = F.pad(dpt.fuse(layers), (1, 1, 1, 1))[:, :, offset[0] :, offset[1] :]
    return F.conv2d(x, dpt.project.weight, dpt.project.bias, stride=2)


def expected_depth(head: DepthHead, x: Tensor) -> Tensor:
    """The depth head's last layer and its expectation over the bins, in fp32.

    Args:
        head: the head.
        x: (B, channels, h, w) of its decoder.

    Returns:
        (B, h, w) metres of the training's camera.
    """
    if head.bins.relu_after_project:
        x = F.relu(x)
    weights = F.relu(head.head(x)).float() + head.bins.min_m  # (B, K, h, w)
    centers = torch.linspace(
        head.bins.min_m, head.bins.max_m, weights.shape[1], device=weights.device
    )
    with torch.autocast(weights.device.type, enabled=False):
        return torch.einsum("bkhw,k->bhw", weights, centers) / weights.sum(dim=1)
