# SPDX-License-Identifier: Apache-2.0
"""The kernels between products say what torch says on a CPU: interpreted, and compiled."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

import tips_ros.model.fast.gpu as package
from tips_ros.model.depth_bins import DepthBins, bin_sums
from tips_ros.model.fast.gpu import steps
from tips_ros.model.fast.gpu.kernels import triton_is_there

from ....import_again import import_again
from ..compile_kernels import compile_for_all

KERNELS = Path(package.__path__[0]) / "step_kernels.py"
BINS = DepthBins(0.5, 9.0)
with_triton = pytest.mark.skipif(not triton_is_there(), reason="Triton is not installed")


@pytest.fixture
def interpreted() -> ModuleType:
    """The kernels as Triton's interpreter runs them, on the CPU."""
    return import_again(KERNELS, "interpreted_step_kernels")


def drawn(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@with_triton
@torch.no_grad()
@pytest.mark.parametrize("shape", [(1, 5, 64), (2, 3, 100)], ids=str)
def test_adding_and_normalising_in_one(interpreted: ModuleType, shape: Any):
    x, change = drawn(*shape), drawn(*shape, seed=2)
    norm = nn.LayerNorm(shape[-1], eps=1e-6)
    norm.weight.copy_(drawn(shape[-1], seed=3))
    norm.bias.copy_(drawn(shape[-1], seed=4))
    gamma = drawn(shape[-1], seed=5)
    found = steps.launch_add_norm(interpreted, x, change, gamma, norm)
    expected = steps.add_norm(x, change, gamma, norm)  # on a CPU by torch
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


@with_triton
@torch.no_grad()
@pytest.mark.parametrize("shape", [(1, 20, 3, 5), (2, 130, 1, 2), (1, 3, 4, 1)], ids=str)
@pytest.mark.parametrize("last", [True, False])
def test_growing_and_adding_in_one(interpreted: ModuleType, shape: Any, last: bool):
    b, channels, h, w = shape
    layout = torch.channels_last if last else torch.contiguous_format
    coarse, bias = drawn(*shape).to(memory_format=layout), drawn(channels, seed=2)
    one, other = (
        drawn(b, channels, 2 * h, 2 * w, seed=seed).to(memory_format=layout) for seed in (3, 4)
    )
    found = steps.launch_grow_add(interpreted, coarse, bias, one, other)
    expected = steps.grow_add(coarse, bias, one.clone(), other)
    for made, true in zip(found, expected, strict=True):
        torch.testing.assert_close(made, true, atol=1e-5, rtol=1e-5)


@with_triton
@torch.no_grad()
@pytest.mark.parametrize("count", [256, 70])
@pytest.mark.parametrize("evidence", [True, False])
def test_sums_over_bins(interpreted: ModuleType, count: int, evidence: bool):
    by_pixel = drawn(2, 3, 7, count)
    found = steps.launch_sum_logits(interpreted, by_pixel, BINS, evidence)
    torch.testing.assert_close(found, bin_sums(by_pixel.relu(), BINS, evidence))
    logits = by_pixel.permute(0, 3, 1, 2)
    torch.testing.assert_close(steps.sum_logits(logits, BINS, evidence), found)


@with_triton
@pytest.mark.slow
def test_they_compile_for_every_gpu_without_one():
    names = ("tokens", "change", "gamma", "weight", "bias", "moved", "normed", "coarse", "one")
    types: dict[str, str] = dict.fromkeys((*names, "other", "total", "active", "logits"), "*bf16")
    types |= {"sums": "*fp32", "least": "fp32", "step": "fp32", "epsilon": "fp32"}
    grow = dict(zip(("PIXELS", "CHANNELS"), steps.GROW_TILE, strict=True))
    sums = dict(zip(("PIXELS", "BINS"), steps.SUM_TILE, strict=True)) | {"SUMS": 4}
    kernels = {
        "add_norm_kernel": [types, {"WIDTH": 1024}],
        "grow_add_kernel": [types, grow],
        "sum_logits_kernel": [types, sums],
    }
    compile_for_all(KERNELS, kernels)
