# SPDX-License-Identifier: Apache-2.0
"""The image encoder in fewer and larger steps for a GPU; values are the same up to rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.blocks import Block
from tips_ros.model.fast.gpu.steps import add_norm
from tips_ros.model.fast.swap_modules import swap_modules
from tips_ros.model.parts import parts_of
from tips_ros.model.vit import (
    PREFIX_TOKENS,
    ImageFeatures,
    LayerFeatures,
    PatchEmbed,
    PatchGrid,
    VisionTransformer,
)

_MULTIPLE = 8  # of half-precision numbers, that tensor cores read at once


class MatrixPatchEmbed(PatchEmbed):
    """Patches as rows of a matrix: 588 numbers each, with zeros up to a multiple of 8."""

    matrix: Tensor  # (D, 592), the weight with those zeros

    def fill_weight(self) -> None:
        """Makes the matrix, once the weight is there; a buffer that is not saved with it."""
        weight = self.proj.weight.detach().flatten(1)
        filled = F.pad(weight, (0, -weight.shape[1] % _MULTIPLE))
        self.register_buffer("matrix", filled, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) → (B, h·w, D)."""
        patch, numbers = self.proj.weight.shape[-1], self.proj.weight[0].numel()
        b, channels, height, width = images.shape
        h, w = height // patch, width // patch
        rows = images.new_zeros(b, h * w, self.matrix.shape[1])
        patches = images.view(b, channels, h, patch, w, patch).permute(0, 2, 4, 1, 3, 5)
        rows[..., :numbers].view(b, h, w, channels, patch, patch).copy_(patches)
        return F.linear(rows, self.matrix, self.proj.bias)


class GpuVisionTransformer(VisionTransformer):
    """An encoder that scales, adds and normalises in one step.

    It resamples its positions once for each grid, not for each image.
    """

    known_positions: dict[tuple[Any, ...], tuple[Tensor, Tensor]]  # by grid, device and dtype

    def forward(
        self, images: Tensor, taps: Sequence[int] = (), value_features: bool = False
    ) -> ImageFeatures:
        """Returns what `VisionTransformer` does."""
        grid = self.grid_of(images)
        blocks = parts_of(self.blocks, Block)
        self.check_taps(taps)
        x = self.tokens(images, grid)
        normed = blocks[0].norm1(x)
        tapped: dict[int, LayerFeatures] = {}
        values: Tensor | None = None
        for i, block in enumerate(blocks):
            last = i == len(blocks) - 1
            if value_features and last:
                values = self.values(x)
            following = self.norm if last else blocks[i + 1].norm1
            x, normed = add_norm(x, block.attn(normed), block.ls1.gamma, block.norm2)
            x, normed = add_norm(x, block.mlp(normed), block.ls2.gamma, following)
            if i in taps:
                seen = normed if last else self.norm(x)
                tapped[i] = LayerFeatures(seen[:, PREFIX_TOKENS:], seen[:, 0], grid)
        layers = tuple(tapped[tap] for tap in taps)
        tokens = normed[:, 0], normed[:, 1], normed[:, PREFIX_TOKENS:]
        return ImageFeatures(*tokens, grid, layers, values)

    def position_embedding(self, grid: PatchGrid) -> tuple[Tensor, Tensor]:
        """Returns what `VisionTransformer` does."""
        key = (*grid, self.pos_embed.device, self.pos_embed.dtype)
        if key not in self.known_positions:
            self.known_positions[key] = super().position_embedding(grid)
        return self.known_positions[key]


def fuse_backbone(backbone: VisionTransformer) -> VisionTransformer:
    """The same encoder with such parts. Parameters are shared; the one given is unchanged."""
    kinds = {
        PatchEmbed: MatrixPatchEmbed,
        VisionTransformer: GpuVisionTransformer,
    }
    fused = swap_modules(backbone, lambda part: kinds.get(type(part)))
    for part in fused.modules():
        if isinstance(part, MatrixPatchEmbed):
            part.fill_weight()
        elif isinstance(part, GpuVisionTransformer):
            part.known_positions = {}
    return fused
