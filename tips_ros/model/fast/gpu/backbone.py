# SPDX-License-Identifier: Apache-2.0
"""The image encoder in fewer and larger steps for a GPU; values are the same up to rounding."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.blocks import Block
from tips_ros.model.fast.swap_modules import swap_modules
from tips_ros.model.vit import PatchEmbed, PatchGrid, VisionTransformer

_MULTIPLE = 8  # of half-precision numbers, that tensor cores read at once


class MatrixPatchEmbed(PatchEmbed):
    """Patches as rows of a matrix: 588 numbers each, with zeros up to a multiple of 8."""

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) → (B, h·w, D)."""
        weight = self.proj.weight
        patch, numbers = weight.shape[-1], weight[0].numel()
        b, channels, height, width = images.shape
        h, w = height // patch, width // patch
        filled = -(-numbers // _MULTIPLE) * _MULTIPLE
        rows = images.new_zeros(b, h * w, filled)
        patches = images.view(b, channels, h, patch, w, patch).permute(0, 2, 4, 1, 3, 5)
        rows[..., :numbers].view(b, h, w, channels, patch, patch).copy_(patches)
        return F.linear(rows, self._pad_weight(filled), self.proj.bias)

    def _pad_weight(self, filled: int) -> Tensor:
        """The weight as a matrix (D, filled), made once for each device and type."""
        weight = self.proj.weight
        known = self.__dict__.setdefault("_padded_weights", {})
        key = weight.device, weight.dtype
        if key not in known:
            matrix = weight.detach().flatten(1)
            known[key] = F.pad(matrix, (0, filled - matrix.shape[1]))
        padded: Tensor = known[key]
        return padded


class FusedBlock(Block):
    """A block that scales and adds in one step."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) → (B, N, D)."""
        x = torch.addcmul(x, self.attn(self.norm1(x)), self.ls1.gamma)
        return torch.addcmul(x, self.mlp(self.norm2(x)), self.ls2.gamma)


class GpuVisionTransformer(VisionTransformer):
    """An encoder that resamples its positions once for each grid, not for each image."""

    def position_embedding(self, grid: PatchGrid) -> tuple[Tensor, Tensor]:
        """Returns what `VisionTransformer` does."""
        known = self.__dict__.setdefault("_positions", {})
        key = grid, self.pos_embed.device, self.pos_embed.dtype
        if key not in known:
            known[key] = super().position_embedding(grid)
        cls, patches = known[key]
        return cls, patches


def fuse_backbone(backbone: VisionTransformer) -> VisionTransformer:
    """The same encoder with such parts. Parameters are shared; the one given is unchanged."""
    kinds = {
        Block: FusedBlock,
        PatchEmbed: MatrixPatchEmbed,
        VisionTransformer: GpuVisionTransformer,
    }
    return swap_modules(backbone, lambda part: kinds.get(type(part)))
