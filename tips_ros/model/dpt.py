# SPDX-License-Identifier: Apache-2.0
"""The DPT decoder: four intermediate layers of the encoder → one feature map, 8 px per patch.

Vision Transformers for Dense Prediction, Ranftl et al., https://arxiv.org/abs/2103.13413.
Feature maps are channels-last in memory (tokens already are), shapes are written as (B, C, H, W).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.vit import LayerFeatures

LEVELS = 4


def reassemble_channels(width: int) -> tuple[int, int, int, int]:
    """Channels of the four reassembled maps for an encoder of this width, finest first."""
    return width // 8, width // 4, width // 2, width


class Reassemble(nn.Module):
    """Tokens of one layer → a feature map at ×4, ×2, ×1 or ÷2 of the patch grid."""

    def __init__(self, width: int, channels: int, level: int) -> None:
        super().__init__()
        self.readout = nn.Linear(2 * width, width)  # reads [patch ‖ CLS]
        self.projection = nn.Conv2d(width, channels, 1)
        self.resize: nn.Module = (
            nn.ConvTranspose2d(channels, channels, 4, stride=4),
            nn.ConvTranspose2d(channels, channels, 2, stride=2),
            nn.Identity(),
            nn.Conv2d(channels, channels, 3, stride=2, padding=1),
        )[level]

    def forward(self, layer: LayerFeatures) -> Tensor:
        """(B, h·w, D) and (B, D) → (B, C, h', w')."""
        b, _, d = layer.patch_tokens.shape
        # Linear([patch ‖ CLS]) = Linear(patch) + Linear(CLS): the second is one vector an image.
        patch_weight, cls_weight = self.readout.weight.split(d, dim=1)
        cls_part = F.linear(layer.cls_token, cls_weight, self.readout.bias)  # (B, D)
        x = F.linear(layer.patch_tokens, patch_weight) + cls_part[:, None]  # (B, h·w, D)
        x = F.gelu(x, approximate="tanh")
        x = x.view(b, layer.grid.h, layer.grid.w, d).permute(0, 3, 1, 2)
        return self.resize(self.projection(x))


class ResidualUnit(nn.Module):
    """Pre-activation residual unit of two 3×3 convolutions without bias."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.relu(self.conv1(F.relu(x))))


class Fusion(nn.Module):
    """Adds a finer level to the running map, refines it and doubles its resolution."""

    def __init__(self, channels: int, has_skip: bool) -> None:
        super().__init__()
        self.skip_unit = ResidualUnit(channels) if has_skip else None
        self.unit = ResidualUnit(channels)
        self.out_conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        """(B, C, H, W) → (B, C, 2H, 2W)."""
        if self.skip_unit is not None and skip is not None:
            if skip.shape[-2:] != x.shape[-2:]:  # an odd patch grid: ÷2 rounded up
                skip = F.interpolate(skip, size=x.shape[-2:], mode="bilinear", align_corners=False)
            x = x + self.skip_unit(skip)
        # The 1×1 convolution commutes with bilinear upsampling; before it, it is a quarter
        # of the work.
        x = self.out_conv(self.unit(x))
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


class DptDecoder(nn.Module):
    """Reassemble, fuse coarse to fine, project."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.width = width
        sizes = reassemble_channels(width)
        self.reassemble = nn.ModuleList(
            Reassemble(width, size, level) for level, size in enumerate(sizes)
        )
        self.convs = nn.ModuleList(
            nn.Conv2d(size, channels, 3, padding=1, bias=False) for size in sizes
        )
        self.fusions = nn.ModuleList(Fusion(channels, has_skip=i > 0) for i in range(LEVELS))
        self.project = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """Four layers, shallow to deep → (B, channels, 8h, 8w) (more where h or w is odd)."""
        result: Tensor = self.project(self.fuse(layers))
        return result

    def fuse(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """The same up to the last convolution, which reads this map."""
        if len(layers) != LEVELS:
            raise ValueError(f"DPT reads {LEVELS} intermediate layers, not {len(layers)}")
        maps = [
            conv(reassemble(layer))
            for conv, reassemble, layer in zip(self.convs, self.reassemble, layers, strict=True)
        ]
        x: Tensor = self.fusions[0](maps[-1])
        for fusion, skip in zip(list(self.fusions)[1:], reversed(maps[:-1]), strict=True):
            x = fusion(x, skip)
        return x
