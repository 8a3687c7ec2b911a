# SPDX-License-Identifier: Apache-2.0
"""A small model of exactly this architecture with random weights: it runs, it does not see."""

from __future__ import annotations

import torch
from torch import nn

from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.tips import Tips
from tips_ros.model.variants import VitConfig
from tips_ros.model.vit import VisionTransformer

DEMO_VIT = VitConfig(width=192, depth=8, heads=3, ffn="mlp", ffn_hidden=768, pos_grid=16)
DEMO_TAPS = (1, 3, 5, 7)
DEMO_CHANNELS = 32
_SEED = 14


def untrained_demo(classes: int = 150) -> Tips:
    """The demo-sized model, the same random weights each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        backbone = VisionTransformer(DEMO_VIT)
        for embedding in (backbone.pos_embed, backbone.cls_token, backbone.register_tokens):
            nn.init.trunc_normal_(embedding, std=0.02)
        model = Tips(
            backbone,
            DEMO_TAPS,
            depth=DepthHead(DEMO_VIT.width, DEMO_CHANNELS),
            normals=NormalsHead(DEMO_VIT.width, DEMO_CHANNELS),
            segmentation=SegmentationHead(DEMO_VIT.width, DEMO_CHANNELS, classes),
        )
        for module in model.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                # PyTorch's default would damp every map to a constant.
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return model.requires_grad_(False).eval()
