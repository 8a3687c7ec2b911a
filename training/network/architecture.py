# SPDX-License-Identifier: Apache-2.0
"""The demo model's sizes, and the model with random weights that training from scratch starts at.

The whole of it must stay below 6 million parameters, so that the file is below 12 MB in half
precision: three DPT heads of width 192 are 2.9 million, which the other two share the rest with.
Narrower heads leave more to the image encoder; `compare_sizes` finds out what that is worth.
The Hugging Face format says neither the kind of GELU nor the text encoder's LayerNorm epsilon, so
both are those that its reader takes for granted: exact GELU and 1e-5.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from tips_ros.model.blocks import LayerScale
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.heads import DenseHead, DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.text import TextAttention, TextConfig, TextEncoder
from tips_ros.model.tips import Tips
from tips_ros.model.variants import VitConfig
from tips_ros.model.vit import VisionTransformer
from training.scenes.things import NAMES

PATCH, GRID = 14, 16  # px; patches along a side


class Sizes(NamedTuple):
    """Sizes of the image encoder and DPT decoders; the text encoder is as wide as the former."""

    width: int
    depth: int
    heads: int
    hidden: int
    channels: int
    taps: tuple[int, int, int, int]


# None takes longer than the first: with all outputs 65 to 73 ms of one core where that takes 76.
SIZES = {
    "6x192": Sizes(192, 6, 3, 576, 32, (1, 2, 4, 5)),  # the first model's
    "6x192-thin": Sizes(192, 6, 3, 704, 24, (1, 2, 4, 5)),
    "8x176": Sizes(176, 8, 4, 704, 24, (1, 3, 5, 7)),
    "10x160": Sizes(160, 10, 5, 640, 24, (2, 4, 7, 9)),
}
FIRST, FOR_GPU = "6x192", "6x192-thin"  # all channels of the second are multiples of 8
BINS = DepthBins(min_m=0.001, max_m=16.0)
DEPTH_BINS = 64
CLASSES = NAMES  # id → name, ids as ADE20K's: a label map reads the same whoever made it
VOCABULARY = 700  # pieces of the tokenizer
_STD = 0.02


def text_config(vocabulary: int = VOCABULARY, width: int = SIZES[FIRST].width) -> TextConfig:
    """The text encoder's sizes for a tokenizer of so many pieces and an image encoder's width."""
    heads = next(heads for heads in (3, 4, 5) if width % heads == 0)
    return TextConfig(width=width, depth=2, heads=heads, hidden=width, vocabulary=vocabulary)


def demo_model(vocabulary: int = VOCABULARY, sizes: str = FIRST) -> tuple[Tips, TextEncoder]:
    """Image encoder with all three heads, and text encoder: random, in training mode.

    Args:
        vocabulary: number of the tokenizer's pieces.
        sizes: a name in SIZES.
    """
    width, depth, heads, hidden, channels, taps = SIZES[sizes]
    vit = VitConfig(
        width=width, depth=depth, heads=heads, ffn="mlp", ffn_hidden=hidden, pos_grid=GRID
    )
    tips = Tips(
        VisionTransformer(vit),
        taps,
        depth=DepthHead(width, channels, DEPTH_BINS, BINS),
        normals=NormalsHead(width, channels),
        segmentation=SegmentationHead(width, channels, len(CLASSES)),
    )
    text = TextEncoder(text_config(vocabulary, width))
    initialise(tips)
    initialise(text)
    return tips, text


@torch.no_grad()
def initialise(model: nn.Module) -> None:
    """Random weights that training can start from; draws from torch's global generator."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            _small(module.weight, module.bias)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            _zero(module.bias)
        elif isinstance(module, nn.ConvTranspose2d):
            # Stride = size: each output pixel is a sum over the input channels and no more.
            nn.init.normal_(module.weight, std=module.in_channels**-0.5)
            _zero(module.bias)
        elif isinstance(module, nn.Embedding):
            # The encoder multiplies by √width, so this is 1 beside positions of about 0.7.
            nn.init.trunc_normal_(module.weight, std=module.embedding_dim**-0.5)
        elif isinstance(module, TextAttention):
            _small(module.in_proj_weight, module.in_proj_bias)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            _zero(module.bias)
        elif isinstance(module, LayerScale):
            nn.init.ones_(module.gamma)
    # What the loop above must not decide: the patches' and the heads' linear layers are
    # convolutions only in name.
    for module in model.modules():
        if isinstance(module, VisionTransformer):
            _small(module.patch_embed.proj.weight, module.patch_embed.proj.bias)
            for embedding in (module.pos_embed, module.cls_token, module.register_tokens):
                nn.init.trunc_normal_(embedding, std=_STD)
        elif isinstance(module, DenseHead):
            _small(module.head.weight, module.head.bias)


def _small(weight: torch.Tensor, bias: torch.Tensor | None) -> None:
    nn.init.trunc_normal_(weight, std=_STD)
    _zero(bias)


def _zero(bias: torch.Tensor | None) -> None:
    if bias is not None:
        nn.init.zeros_(bias)
