# SPDX-License-Identifier: Apache-2.0
"""A model cut into graphs of tensors alone: what is not asked for stays a graph of its own.

Each is for a batch of one of one input size, in fp32. The heads come rewritten, with tails that
convolve after the last ×2: engines are no faster the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.dpt import LEVELS
from tips_ros.model.fast.dpt.fast_heads import FastDenseHead
from tips_ros.model.heads import DenseHead, DepthHead
from tips_ros.model.tips import HEAD_NAMES, Tips
from tips_ros.model.vit import PREFIX_TOKENS, LayerFeatures, PatchGrid, VisionTransformer

BACKBONE, VALUES = "backbone", "values"


class ModelGraph(NamedTuple):
    """A graph to export."""

    name: str  # BACKBONE, VALUES, or a head's
    module: nn.Module
    inputs: tuple[Tensor, ...]  # an example


def model_graphs(tips: Tips, input_size: tuple[int, int]) -> list[ModelGraph]:
    """The graphs of a model as it was loaded, on the CPU in fp32.

    Args:
        tips: the model, with plain heads.
        input_size: (h, w) in pixels.

    Raises:
        ValueError: a size that the patches do not fill.
    """
    images = torch.zeros(1, 3, *input_size)
    vit = tips.backbone
    grid = vit.grid_of(images)
    patches, width = grid.h * grid.w, vit.config.width
    tokens = torch.zeros(1, PREFIX_TOKENS + patches, width)
    # Each a tensor of its own: an input given twice would be taken for one.
    shapes = [(1, patches, width), (1, width)] * LEVELS
    layers = tuple(torch.zeros(shape) for shape in shapes)
    parts = [
        ModelGraph(BACKBONE, BackboneGraph(vit, tips.taps), (images,)),
        ModelGraph(VALUES, ValuesGraph(vit), (tokens,)),
    ]
    for name in HEAD_NAMES:
        head = getattr(tips, name)
        if head is not None:
            graph = DepthGraph(head, grid) if name == "depth" else DenseGraph(head, grid)
            parts.append(ModelGraph(name, graph, layers))
    return parts


class BackboneGraph(nn.Module):
    """The encoder with all its taps."""

    def __init__(self, vit: VisionTransformer, taps: Sequence[int]) -> None:
        super().__init__()
        self.vit = vit
        self.taps = inner_taps(vit, taps)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(1, 3, H, W) → token sequences (1, 2 + h·w, D).

        First those before the last block, which value features are made of, as they are; then
        those of each of `inner_taps`, and last those of the last block, after the final norm.
        """
        x = self.vit.tokens(images, self.vit.grid_of(images))
        tapped = []
        for i, block in enumerate(list(self.vit.blocks)[:-1]):
            x = block(x)
            if i in self.taps:
                tapped.append(self.vit.norm(x))
        return (x, *tapped, self.vit.norm(self.vit.blocks[-1](x)))


def inner_taps(vit: VisionTransformer, taps: Sequence[int]) -> list[int]:
    """The taps before the last block, each once, shallow to deep."""
    return sorted(set(taps) - {len(vit.blocks) - 1})


class ValuesGraph(nn.Module):
    """The last block with attention switched off."""

    def __init__(self, vit: VisionTransformer) -> None:
        super().__init__()
        self.vit = vit

    def forward(self, tokens: Tensor) -> tuple[Tensor]:
        """Tokens before the last block (1, 2 + h·w, D) → value features (1, h·w, D)."""
        return (self.vit.values(tokens),)


class HeadGraph(nn.Module):
    """A head that reads four layers as eight tensors, shallow to deep."""

    def __init__(self, grid: PatchGrid) -> None:
        super().__init__()
        self.grid = grid

    def forward(
        self,
        patch_0: Tensor,
        cls_0: Tensor,
        patch_1: Tensor,
        cls_1: Tensor,
        patch_2: Tensor,
        cls_2: Tensor,
        patch_3: Tensor,
        cls_3: Tensor,
    ) -> tuple[Tensor]:
        """Patch tokens (1, h·w, D) and CLS tokens (1, D) → (1, h', w', outputs)."""
        tensors = ((patch_0, cls_0), (patch_1, cls_1), (patch_2, cls_2), (patch_3, cls_3))
        return (self.map_of([LayerFeatures(*tokens, self.grid) for tokens in tensors]),)

    def map_of(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """→ (1, h', w', outputs)."""
        raise NotImplementedError


class DenseGraph(HeadGraph):
    """Normals, or class logits."""

    def __init__(self, head: DenseHead, grid: PatchGrid) -> None:
        super().__init__(grid)
        self.head = FastDenseHead(head, early=False)

    def map_of(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """→ (1, h', w', outputs)."""
        return self.head(layers).permute(0, 2, 3, 1).contiguous()


class DepthGraph(HeadGraph):
    """Depth with its evidence. The sums are no products of matrices: bf16 would take those, too."""

    number: Tensor  # (K,) of each bin

    def __init__(self, head: DepthHead, grid: PatchGrid) -> None:
        super().__init__(grid)
        self.bins = head.bins
        # A ReLU between the last convolutions keeps them apart.
        apart = head.bins.relu_after_project
        self.plain = head if apart else None
        self.fast = None if apart else FastDenseHead(head, early=False)
        # Whole numbers, which a move to half precision leaves alone: it would round the centres by
        # up to 3 cm, and neighbours would coincide.
        self.register_buffer("number", torch.arange(head.head.out_channels))

    def map_of(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """→ (1, h', w', 3), as `depth_of_sums` has it, of which the first is depth."""
        if self.plain is not None:
            logits = self.plain.head(F.relu(self.plain.dpt(layers)))
        else:
            assert self.fast is not None
            logits = self.fast(layers)
        wide = torch.promote_types(logits.dtype, torch.float32)
        p = F.relu(logits).permute(0, 2, 3, 1).to(wide) + self.bins.min_m  # (1, h', w', K)
        step_m = (self.bins.max_m - self.bins.min_m) / (p.shape[-1] - 1)
        centers = self.bins.min_m + self.number.to(wide) * step_m
        total = p.sum(-1)
        depth = (p * centers).sum(-1) / total
        return torch.stack([depth, total, p.square().sum(-1) / total.square()], dim=-1)
