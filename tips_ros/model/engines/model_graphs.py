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

from tips_ros.model.blocks import Block
from tips_ros.model.depth_bins import DepthBins, relative_spread
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
    wide: int = 0  # of the inputs, the last ones: fp32 whatever is computed in


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
        ModelGraph(BACKBONE, BackboneGraph(vit, tips.taps, grid), (images,)),
        ModelGraph(VALUES, ValuesGraph(vit), (tokens,)),
    ]
    for name in HEAD_NAMES:
        head = getattr(tips, name)
        if isinstance(head, DepthHead):
            graph = DepthGraph(head, grid)
            floor = depth_floor(head.bins, head.outputs, grid)
            parts.append(ModelGraph(name, graph, (*layers, floor), wide=1))
        elif head is not None:
            parts.append(ModelGraph(name, DenseGraph(head, grid), layers))
    return parts


class BackboneGraph(nn.Module):
    """The encoder with all its taps, with the positions of one grid."""

    first: Tensor  # (1, 2, D) CLS and register token, with what position they have
    positions: Tensor  # (1, h·w, D) of the patches

    def __init__(self, vit: VisionTransformer, taps: Sequence[int], grid: PatchGrid) -> None:
        super().__init__()
        self.patch_embed, self.blocks, self.norm = vit.patch_embed, vit.blocks, vit.norm
        self.taps = inner_taps(vit, taps)
        # Not in the graph: TensorRT has no antialiased bilinear resampling.
        with torch.no_grad():
            cls_position, positions = vit.position_embedding(grid)
            first = torch.cat([vit.cls_token + cls_position, vit.register_tokens], dim=1)
        self.register_buffer("first", first)
        self.register_buffer("positions", positions.contiguous())

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(1, 3, H, W) → token sequences (1, 2 + h·w, D).

        First those before the last block, which value features are made of, as they are; then
        those of each of `inner_taps`, and last those of the last block, after the final norm.
        """
        x = torch.cat([self.first, self.patch_embed(images) + self.positions], dim=1)
        *blocks, last = list(self.blocks)
        tapped = []
        for i, block in enumerate(blocks):
            x = block(x)
            if i in self.taps:
                tapped.append(self.norm(x))
        return (x, *tapped, self.norm(last(x)))


def inner_taps(vit: VisionTransformer, taps: Sequence[int]) -> list[int]:
    """The taps before the last block, each once, shallow to deep."""
    return sorted(set(taps) - {len(vit.blocks) - 1})


class ValuesGraph(nn.Module):
    """The last block with attention switched off, and nothing else of the encoder."""

    def __init__(self, vit: VisionTransformer) -> None:
        super().__init__()
        last = vit.blocks[-1]
        assert isinstance(last, Block)
        self.last, self.norm = last, vit.norm

    def forward(self, tokens: Tensor) -> tuple[Tensor]:
        """Tokens before the last block (1, 2 + h·w, D) → value features (1, h·w, D)."""
        return (self.norm(self.last.values(tokens[:, PREFIX_TOKENS:])),)


class HeadGraph(nn.Module):
    """A head that reads four layers as eight tensors, shallow to deep."""

    def __init__(self, grid: PatchGrid) -> None:
        super().__init__()
        self.grid = grid

    def layers_of(self, tensors: Sequence[Tensor]) -> list[LayerFeatures]:
        """Patch tokens (1, h·w, D) and CLS tokens (1, D) by turns → the layers."""
        pairs = zip(tensors[::2], tensors[1::2], strict=True)
        return [LayerFeatures(patches, cls, self.grid) for patches, cls in pairs]


class DenseGraph(HeadGraph):
    """Normals, or class logits."""

    def __init__(self, head: DenseHead, grid: PatchGrid) -> None:
        super().__init__(grid)
        self.head = FastDenseHead(head, early=False)

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
        tensors = (patch_0, cls_0, patch_1, cls_1, patch_2, cls_2, patch_3, cls_3)
        return (self.head(self.layers_of(tensors)).permute(0, 2, 3, 1).contiguous(),)


class DepthGraph(HeadGraph):
    """Depth with its evidence. The sums are no products of matrices: bf16 would take those, too.

    What every bin has at least is given with the layers: by `depth_floor` in service. With one bin
    of each row far above all others depth is the centre that this graph has for it.
    """

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
        self.register_buffer("number", torch.arange(head.outputs))

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
        floor: Tensor | float,
    ) -> tuple[Tensor]:
        """Layers, and a floor (1, h', 1, K) → (1, h', w', 4) as `depth_of_sums` has it.

        The floor may be a number, of all.
        """
        tensors = (patch_0, cls_0, patch_1, cls_1, patch_2, cls_2, patch_3, cls_3)
        return (self.sums_of(self.logits_of(self.layers_of(tensors)), floor),)

    def logits_of(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """→ (1, K, h', w')."""
        if self.plain is not None:
            logits: Tensor = self.plain.head(F.relu(self.plain.dpt(layers)))
            return logits
        assert self.fast is not None
        return self.fast(layers)

    def sums_of(self, logits: Tensor, floor: Tensor | float) -> Tensor:
        """→ (1, h', w', 4), of which the first is depth; never below fp32."""
        wide = torch.promote_types(logits.dtype, torch.float32)
        p = F.relu(logits).permute(0, 2, 3, 1).to(wide)  # (1, h', w', K)
        least = floor.to(wide) if isinstance(floor, Tensor) else floor
        p = (p if self.bins.unit == 1.0 else p * self.bins.unit) + least
        centers = self.centers(wide)
        total = p.sum(-1)
        depth = (p * centers).sum(-1) / total
        crowding = p.square().sum(-1) / total.square()
        spread = relative_spread(depth, (p * centers.square()).sum(-1) / total)
        return torch.stack([depth, total, crowding, spread], dim=-1)

    def centers(self, wide: torch.dtype) -> Tensor:
        """(K,) metres."""
        step_m = self.bins.step_m(len(self.number))
        return self.bins.min_m + self.number.to(wide) * step_m


def depth_floor(bins: DepthBins, count: int, grid: PatchGrid) -> Tensor:
    """The least that each of `count` bins has in each row of a depth head's map: (1, h', 1, K)."""
    return torch.full((1, map_rows(grid), 1, count), bins.min_m)


def map_rows(grid: PatchGrid) -> int:
    """Rows of a head's map: 8 for each patch, as many as for the next even number where odd."""
    return 16 * -(-grid.h // 2)
