# SPDX-License-Identifier: Apache-2.0
"""No rewrite leaves out a part because it is of a kind that it does not know."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tips_ros.model.fast import rewrite_heads
from tips_ros.model.fast.dpt.gpu_decoder import fuse_decoders
from tips_ros.model.fast.gpu.backbone import fuse_backbone
from tips_ros.model.fp16_range import scale_maps
from tips_ros.model.parts import parts_of
from tips_ros.model.tips import Tips


class Wrapped(nn.Module):
    """A part in another one, as tools that watch or share out a model put it."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part


def test_parts_of_one_kind_come_in_their_order():
    parts = nn.ModuleList([nn.Linear(1, 1), nn.Linear(2, 2)])
    assert parts_of(parts, nn.Linear) == list(parts)


@torch.no_grad()
def test_an_encoder_with_a_block_of_another_kind_says_so(tiny_tips: Tips):
    fused = fuse_backbone(tiny_tips.backbone)
    fused.blocks[1] = Wrapped(fused.blocks[1])
    with pytest.raises(TypeError, match="a Block is needed here, not a Wrapped"):
        fused(torch.rand(1, 3, 28, 28))


@pytest.mark.parametrize("parts", ["reassemble", "convs", "fusions"])
def test_a_head_with_a_part_of_another_kind_is_not_rewritten(tiny_tips: Tips, parts: str):
    assert tiny_tips.depth is not None
    of_head = getattr(tiny_tips.depth.dpt, parts)
    of_head[3] = Wrapped(of_head[3])
    with pytest.raises(TypeError, match="not a Wrapped"):
        rewrite_heads(tiny_tips)


@pytest.mark.parametrize("parts", ["levels", "out_convs", "fusions"])
def test_nor_is_it_for_a_gpu(tiny_tips: Tips, parts: str):
    fast = rewrite_heads(tiny_tips)
    of_head = getattr(fast.depth.decoder, parts)
    of_head[0] = Wrapped(of_head[0])
    with pytest.raises(TypeError, match="not a Wrapped"):
        fuse_decoders(fast)


@pytest.mark.parametrize("parts", ["convs", "fusions"])
def test_nor_are_its_maps_scaled(tiny_tips: Tips, parts: str):
    assert tiny_tips.depth is not None
    of_head = getattr(tiny_tips.depth.dpt, parts)
    of_head[0] = Wrapped(of_head[0])
    with pytest.raises(TypeError, match="not a Wrapped"):
        scale_maps(tiny_tips.depth, 1)
