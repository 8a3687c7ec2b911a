# SPDX-License-Identifier: Apache-2.0
"""Each device and precision gets the rewriting that is for it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch

from tips_ros.model.fast import choose, rewrite_for
from tips_ros.model.fast.dpt.fast_heads import FastDenseHead
from tips_ros.model.fast.dpt.kernel_tail import KernelTail
from tips_ros.model.fast.dpt.output_convs import DirectTail, EarlyTail
from tips_ros.model.fast.gpu.backbone import GpuVisionTransformer
from tips_ros.model.fast.headwise import HeadwiseAttention
from tips_ros.model.fast.onednn import OneDnnLinear, onednn_is_there
from tips_ros.model.fast.winograd import WinogradConv
from tips_ros.model.heads import NormalsHead
from tips_ros.model.tips import HEAD_NAMES, Tips

WIDTH, CHANNELS = 64, 64  # as many channels as are convolved before the last x2


def prepared(tips: Tips, device: str, dtype: torch.dtype) -> tuple[type, bool]:
    """The kind of the tail, and whether oneDNN multiplies."""
    wide = Tips(tips.backbone, tips.taps, normals=NormalsHead(WIDTH, CHANNELS))
    fast = rewrite_for(wide, device, dtype)
    assert isinstance(fast.normals, FastDenseHead)
    return type(fast.normals.tail), any(
        isinstance(module, OneDnnLinear) for module in fast.modules()
    )


def test_a_cpu_in_fp32_convolves_before_upsampling_and_multiplies_by_onednn(tiny_tips: Tips):
    assert prepared(tiny_tips, "cpu", torch.float32) == (EarlyTail, onednn_is_there())


def test_a_cpu_in_half_precision_does_so_too_and_attends_head_by_head(tiny_tips: Tips):
    assert prepared(tiny_tips, "cpu", torch.bfloat16) == (EarlyTail, onednn_is_there())
    fast = rewrite_for(tiny_tips, "cpu", torch.bfloat16)
    blocks = fast.backbone.blocks
    assert len(blocks) and all(type(block.attn) is HeadwiseAttention for block in blocks)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_cpu_convolves_wide_maps_by_winograd_and_a_gpu_does_not(
    tiny_tips: Tips, dtype: torch.dtype
):
    wide = Tips(tiny_tips.backbone, tiny_tips.taps, normals=NormalsHead(WIDTH, 128))

    def by_winograd(device: str) -> int:
        modules = rewrite_for(wide, device, dtype).modules()
        return sum(isinstance(module, WinogradConv) for module in modules)

    assert (by_winograd("cpu"), by_winograd("cuda")) == (14, 0), "two for each residual unit"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("device", "dtype"), [("cuda", torch.float32), ("cuda:1", torch.float16)], ids=str
)
def test_a_gpu_convolves_before_upsampling_where_triton_is_and_multiplies_as_torch_does(
    tiny_tips: Tips, device: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
):
    for there, tail in ((False, DirectTail), (True, KernelTail)):
        monkeypatch.setattr(choose, "triton_is_there", lambda there=there: there)
        assert prepared(tiny_tips, device, dtype) == (tail, False)
    fast = rewrite_for(tiny_tips, device, dtype)
    assert type(fast.backbone) is GpuVisionTransformer


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_rewritten_model_can_be_copied_and_stored(
    tiny_tips: Tips, dtype: torch.dtype, copied: Any
):
    model: Any = rewrite_for(tiny_tips, "cpu", dtype).to(dtype)
    images = torch.rand(1, 3, 56, 56, generator=torch.Generator().manual_seed(1)).to(dtype)
    with torch.inference_mode():
        for one, other in zip(
            model(images, HEAD_NAMES), copied(model)(images, HEAD_NAMES), strict=True
        ):
            assert one is other is None or torch.equal(one, other)
