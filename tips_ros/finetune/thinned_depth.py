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
    weights, centers = _bins(head, x)
    with torch.autocast(weights.device.type, enabled=False):
        return torch.einsum("bkhw,k->bhw", weights, centers) / weights.sum(dim=1)


def depth_and_spread(head: DepthHead, x: Tensor) -> tuple[Tensor, Tensor]:
    """The depth head's expectation over the bins and their standard deviation, in one pass.

    Args:
        head: the head.
        x: (B, channels, h, w) of its decoder.

    Returns:
        Two (B, h, w) fp32, metres of the training's camera: `expected_depth`, and how far around
        it the bins that have a weight lie.
    """
    weights, centers = _bins(head, x)
    powers = torch.stack([torch.ones_like(centers), centers, centers.square()], dim=1)
    with torch.autocast(weights.device.type, enabled=False):
        sums = weights.movedim(1, -1) @ powers  # (B, h, w, 3)
        total, first, second = sums.unbind(dim=-1)
        mean = first / total
        # About the mean the square is least: no gradient is lost where the mean is held.
        held = mean.detach()
        variance = second / total - 2 * held * mean + held.square()
    return mean, variance.clamp_min(1e-8).sqrt()


def _bins(head: DepthHead, x: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (B, K, h, w) and centres (K,) of the bins, in fp32."""
    if head.bins.relu_after_project:
        x = F.relu(x)
    weights = F.relu(head.head(x)).float() + head.bins.min_m
    centers = torch.linspace(
        head.bins.min_m, head.bins.max_m, weights.shape[1], device=weights.device
    )
    return weights, centers
