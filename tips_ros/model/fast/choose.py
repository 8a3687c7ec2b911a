# SPDX-License-Identifier: Apache-2.0
"""The choice of rewrites that make a model faster on a device and in a precision."""

from __future__ import annotations

from typing import Literal, get_args

import torch

from tips_ros.model.fast.dpt.gpu_decoder import fuse_decoders
from tips_ros.model.fast.gpu.backbone import fuse_backbone
from tips_ros.model.fast.gpu.gelu_product import gelu_product_is_there
from tips_ros.model.fast.gpu.kernels import triton_is_there
from tips_ros.model.fast.headwise import use_headwise_attention
from tips_ros.model.fast.int8 import use_int8
from tips_ros.model.fast.onednn import use_onednn
from tips_ros.model.fast.rewrite import rewrite_heads
from tips_ros.model.fast.winograd import use_winograd
from tips_ros.model.tips import Tips

Heads = Literal["rewritten", "plain"]
HEADS: tuple[Heads, ...] = get_args(Heads)


def rewrite_for(tips: Tips, device: str | torch.device, dtype: torch.dtype) -> Tips:
    """The same model as it is fastest to run by torch on a device.

    On the CPU heads convolve before their last ×2, wide 3×3 convolutions are Winograd's, oneDNN
    multiplies, and in half precision attention goes head by head. On a GPU the encoder takes fewer
    steps; heads convolve before their last ×2 where Triton makes one step of what follows, and
    elsewhere upsample first: fewer steps, and fewer roundings.

    Args:
        tips: a loaded model, not yet moved; it must not be used any more once the other is moved.
        device: where to it will be moved.
        dtype: what to. int8: the image encoder's linear layers are, all else is to be moved to
            `dtype_beside_int8`.
    """
    if torch.device(device).type != "cpu":
        fast = rewrite_heads(tips, early="gpu" if triton_is_there() else False)
        fast.backbone = fuse_backbone(fast.backbone)
        return fuse_decoders(fast, gelu_in_one=gelu_product_is_there(device, dtype))
    fast = rewrite_heads(tips)
    if dtype == torch.int8:
        fast.backbone = use_int8(fast.backbone)
    fast = use_onednn(use_winograd(fast))
    return fast if dtype == torch.float32 else use_headwise_attention(fast)
