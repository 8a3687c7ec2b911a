# SPDX-License-Identifier: Apache-2.0
"""The three dense heads: a DPT decoder and one linear layer each.

All return maps at the head's own resolution, 8 px per patch: 256×256 for a 448×448 image.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.depth_bins import DepthBins, bin_sums, depth_of_sums
from tips_ros.model.dpt import DptDecoder
from tips_ros.model.vit import LayerFeatures


class DenseHead(nn.Module):
    """A DPT decoder with a linear layer applied to each pixel."""

    def __init__(self, width: int, channels: int, outputs: int) -> None:
        super().__init__()
        self.dpt = DptDecoder(width, channels)
        self.head = nn.Conv2d(channels, outputs, 1)  # a Linear on each pixel

    @property
    def outputs(self) -> int:
        """The number of channels of its map; of a depth head, that of its bins."""
        return self.head.out_channels

    @property
    def width(self) -> int:
        """The width of the tokens that it reads."""
        return self.dpt.width

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

    def forward(self, layers: Sequence[LayerFeatures], evidence: bool = False) -> Tensor:
        """→ (B, 1, h, w) metres along z, or with its evidence (B, 4, h, w); always fp32.

        See `depth_of_sums`.
        """
        x = self.dpt(layers)
        if self.bins.relu_after_project:
            x = F.relu(x)
        weights = F.relu_(self.head(x).float()).permute(0, 2, 3, 1)  # (B, h, w, K)
        return depth_of_sums(bin_sums(weights, self.bins, evidence), self.bins, weights.shape[-1])


class NormalsHead(DenseHead):
    """Surface normals as the network was trained: x right, y down, z forward, AWAY from the camera.

    The output (B, 3, h, w) is not of unit length; `perception.resizing` makes ROS normals of it.
    """

    def __init__(self, width: int, channels: int, outputs: int = 3) -> None:
        super().__init__(width, channels, outputs)


class SegmentationHead(DenseHead):
    """Class logits (B, classes, h, w)."""
