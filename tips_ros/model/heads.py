# SPDX-License-Identifier: Apache-2.0
"""The three dense heads: a DPT decoder and one linear layer each.

All return maps at the head's own resolution, 8 px per patch: 256×256 for a 448×448 image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.dpt import DptDecoder
from tips_ros.model.vit import LayerFeatures


@dataclass(frozen=True)
class DepthBins:
    """How the depth head's logits become metres.

    Attributes:
        min_m, max_m: first and last bin centre, in metres.
        relu_after_project: whether a ReLU follows the decoder's `project`. Google's releases
            disagree: the Hub's code applies it, the reference repository does not.
    """

    min_m: float = 0.001
    max_m: float = 10.0
    relu_after_project: bool = False


class DenseHead(nn.Module):
    """A DPT decoder with a linear layer applied to each pixel."""

    def __init__(self, width: int, channels: int, outputs: int) -> None:
        super().__init__()
        self.dpt = DptDecoder(width, channels)
        self.head = nn.Conv2d(channels, outputs, 1)  # a Linear on each pixel

    def forward(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """Four intermediate layers → (B, outputs, h, w)."""
        result: Tensor = self.head(self.dpt(layers))
        return result


class DepthHead(DenseHead):
    """Depth as the expectation over evenly spaced bins (AdaBins-like, linear normalisation)."""

    def __init__(
        self, width: int, channels: int, outputs: int = 256, bins: DepthBins | None = None
    ) -> None:
        super().__init__(width, channels, outputs)
        self.bins = bins or DepthBins()

    def forward(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """→ (B, 1, h, w) metres along z, always fp32.

        p_k = relu(logit_k) + min_m, depth = Σ p_k c_k / Σ p_k with centres c_k from min_m to
        max_m. Half precision would be 6 cm coarse at 8 m.
        """
        x = self.dpt(layers)
        if self.bins.relu_after_project:
            x = F.relu(x)
        weights = F.relu_(self.head(x).float()).permute(0, 2, 3, 1)  # (B, h, w, K), p without min_m
        count, floor = weights.shape[-1], self.bins.min_m
        centers = torch.linspace(floor, self.bins.max_m, count, device=weights.device)
        sums = F.linear(weights, torch.stack([centers, torch.ones_like(centers)]))  # (B, h, w, 2)
        # Adding min_m to every p adds constants to both sums; it need not touch every bin.
        weighted = sums[..., 0] + floor * centers.sum()
        return (weighted / (sums[..., 1] + floor * count))[:, None]


class NormalsHead(DenseHead):
    """Surface normals as the network was trained: x right, y down, z forward, AWAY from the camera.

    The output (B, 3, h, w) is not of unit length; `perception.normals` makes ROS normals of it.
    """

    def __init__(self, width: int, channels: int, outputs: int = 3) -> None:
        super().__init__(width, channels, outputs)


class SegmentationHead(DenseHead):
    """Class logits (B, classes, h, w)."""
