# SPDX-License-Identifier: Apache-2.0
"""A GPU's tail makes the outputs of the plain one: by torch, interpreted, and compiled."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

import tips_ros.model.fast.gpu as package
from tips_ros.model.depth_bins import DepthBins, bin_sums
from tips_ros.model.fast import rewrite_heads
from tips_ros.model.fast.dpt.kernel_tail import TILE, KernelTail, launch_add_taps, launch_sum_bins
from tips_ros.model.fast.dpt.kernels import Product, compose_tail
from tips_ros.model.fast.dpt.output_convs import DirectTail
from tips_ros.model.fast.gpu.kernels import triton_is_there
from tips_ros.model.tips import HEAD_NAMES, Tips

from ....import_again import import_again
from ..compile_kernels import compile_for_all

KERNELS = Path(package.__path__[0]) / "tail_kernels.py"
BINS = DepthBins()
Case = tuple[KernelTail, torch.Tensor, torch.Tensor]
with_triton = pytest.mark.skipif(not triton_is_there(), reason="Triton is not installed")
SHAPES = [(1, 6, 3, 5), (2, 40, 1, 3), (1, 3, 2, 19), (1, 150, 2, 2)]  # B, K, h, w


@pytest.fixture
def interpreted() -> ModuleType:
    """The kernels as Triton's interpreter runs them, on the CPU."""
    return import_again(KERNELS, "interpreted_tail_kernels")


def product(outputs: int, channels: int = 8) -> Product:
    torch.manual_seed(outputs)
    first, middle = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 3, padding=1)
    return compose_tail(first, middle, nn.Conv2d(channels, outputs, 1))


@pytest.fixture(params=SHAPES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    """A tail, its input, and what the plain tail makes of that."""
    b, outputs, h, w = request.param
    like, of = torch.zeros(1), product(outputs)
    x = torch.randn(b, 8, h, w).to(memory_format=torch.channels_last)
    with torch.no_grad():
        return KernelTail(of, like), x, DirectTail(of, like)(x)


@torch.no_grad()
def test_torch_adds_the_taps_where_there_are_no_kernels(case: Case):
    tail, x, expected = case
    torch.testing.assert_close(tail(x), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(tail(x, relu=True), expected.relu(), atol=1e-5, rtol=1e-4)
    sums = bin_sums(expected.relu().permute(0, 2, 3, 1), BINS, evidence=True)
    torch.testing.assert_close(tail.sum_bins(x, BINS, evidence=True), sums, atol=1e-4, rtol=1e-4)


@with_triton
@torch.no_grad()
def test_the_kernels_make_the_same(case: Case, interpreted: ModuleType):
    tail, x, expected = case
    taps = tail._taps_of(x)
    assert taps.shape[-1] % 9 == 0 and taps.shape[-1] // 9 % 16 == 0
    for relu in (False, True):
        made = launch_add_taps(interpreted, taps, relu)
        true = expected.relu() if relu else expected
        torch.testing.assert_close(made[:, : tail.outputs], true, atol=1e-5, rtol=1e-4)
        assert not made[:, tail.outputs :].any()
    for evidence in (False, True):
        sums = launch_sum_bins(interpreted, taps, tail.outputs, BINS, evidence)
        wanted = bin_sums(expected.relu().permute(0, 2, 3, 1), BINS, evidence)
        torch.testing.assert_close(sums, wanted, atol=1e-4, rtol=1e-4)


@with_triton
@pytest.mark.slow
def test_they_compile_for_every_gpu_without_one():
    types = {"taps": "*bf16", "result": "*bf16", "sums": "*fp32", "least": "fp32", "step": "fp32"}
    sizes = dict(zip(("PIXELS", "OUTPUTS"), TILE, strict=True))
    kernels = {
        "add_taps_kernel": [types, {**sizes, "RELU": True}],
        "sum_bins_kernel": [types, {**sizes, "SUMS": 4}],
    }
    compile_for_all(KERNELS, kernels)


@torch.no_grad()
def test_a_model_with_such_heads_says_what_the_plain_one_says(tiny_tips: Tips):
    images = torch.rand(2, 3, 56, 56, generator=torch.Generator().manual_seed(1))
    fast = rewrite_heads(tiny_tips, early="gpu")
    assert isinstance(fast.depth.tail, KernelTail)  # type: ignore[union-attr]
    pairs = zip(
        fast.forward_features(images, HEAD_NAMES, evidence=True).maps,
        tiny_tips.forward_features(images, HEAD_NAMES, evidence=True).maps,
        strict=True,
    )
    for found, expected in pairs:
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
