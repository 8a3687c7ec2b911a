# SPDX-License-Identifier: Apache-2.0
"""A whole model as one graph of tensors, for programs that have nothing but a reader of graphs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tips_ros.model.engines.model_graphs import (
    BackboneGraph,
    DenseGraph,
    DepthGraph,
    ModelGraph,
    inner_taps,
)
from tips_ros.model.heads import DepthHead
from tips_ros.model.tips import HEAD_NAMES, Tips
from tips_ros.model.vit import PREFIX_TOKENS

WHOLE = "tips"
_SHORTEST = 1e-12  # squared, of a normal


class WholeGraph(nn.Module):
    """The encoder and its heads, for one image of one size.

    Attributes:
        names: of what it gives, in this order: depth, normals, logits, those that the model has.
    """

    def __init__(self, tips: Tips, input_size: tuple[int, int]) -> None:
        super().__init__()
        vit = tips.backbone
        grid = vit.grid_of(torch.empty(1, 3, *input_size, device="meta"))
        self.backbone = BackboneGraph(vit, tips.taps, grid)
        tapped = [*inner_taps(vit, tips.taps), len(vit.blocks) - 1]
        self.layers = [1 + tapped.index(tap) for tap in tips.taps]  # the first is no layer
        self.names: list[str] = []
        self.heads = nn.ModuleList()
        for name in HEAD_NAMES:
            head = getattr(tips, name)
            if head is None:
                continue
            self.names.append("logits" if name == "segmentation" else name)
            deep = isinstance(head, DepthHead)
            self.heads.append(DepthGraph(head, grid) if deep else DenseGraph(head, grid))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(1, 3, H, W) RGB in [0, 1] → maps at the heads' size, each fp32.

        Depth (1, h, w) in metres along z; normals (1, h, w, 3) of unit length, in the optical
        frame, facing the camera; logits (1, h, w, classes).
        """
        outputs = self.backbone(images)
        tensors: list[Tensor] = []
        for place in self.layers:
            tokens = outputs[place]
            # Cut out, not selected: exporters make a Gather of that.
            tensors += [tokens[:, PREFIX_TOKENS:], tokens[:, :1].squeeze(1)]
        made = []
        for name, head in zip(self.names, list(self.heads), strict=True):
            if isinstance(head, DepthGraph):
                (map_,) = head(*tensors, head.bins.min_m)
                made.append(map_[..., :1].squeeze(-1))
                continue
            (map_,) = head(*tensors)
            wide = map_.float()
            made.append(_facing(wide) if name == "normals" else wide)
        return tuple(made)


def _facing(away: Tensor) -> Tensor:
    """Vectors away from the camera (…, 3), of any length → unit vectors towards it."""
    length = (away * away).sum(-1, keepdim=True).clamp(min=_SHORTEST).sqrt()
    return -away / length


def whole_graph(tips: Tips, input_size: tuple[int, int]) -> ModelGraph:
    """The model, as it was loaded, as one graph to export.

    Args:
        tips: on the CPU in fp32, with plain heads.
        input_size: (h, w) in pixels.

    Raises:
        ValueError: a size that the patches do not fill, or a model without any head.
    """
    graph = WholeGraph(tips, input_size)
    if not graph.names:
        raise ValueError("this model has no head: there is nothing to export")
    return ModelGraph(WHOLE, graph, (torch.zeros(1, 3, *input_size),))
