# SPDX-License-Identifier: Apache-2.0
"""Attention head by head is the same attention."""

from __future__ import annotations

import pytest
import torch

from tips_ros.model.blocks import Attention
from tips_ros.model.fast.headwise import HeadwiseAttention, use_headwise_attention

WIDTH, HEADS = 48, 3  # a head's width whose square root is no power of two


@pytest.fixture
def attention() -> Attention:
    torch.manual_seed(2)
    return Attention(WIDTH, HEADS).eval()


def tokens(dtype: torch.dtype) -> torch.Tensor:
    return torch.randn(2, 30, WIDTH, generator=torch.Generator().manual_seed(5)).to(dtype)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_in_half_precision_it_is_as_near_to_fp64_as_torch_s_own(
    attention: Attention, dtype: torch.dtype
):
    x = tokens(dtype)
    attention.to(dtype)
    fast = use_headwise_attention(attention)
    assert type(fast) is HeadwiseAttention and type(attention) is Attention
    with torch.inference_mode():
        found, own = fast(x), attention(x)
        exact = attention.double()(x.double())
    error, own_error = ((y.double() - exact).norm() / exact.norm() for y in (found, own))
    assert found.shape == x.shape and found.dtype == dtype
    assert error <= max(2 * own_error, 1e-3)
    assert not torch.equal(found[0], found[1]), "images are told apart"


def test_in_fp32_it_is_torch_s_own(attention: Attention):
    x = tokens(torch.float32)
    with torch.inference_mode():
        assert torch.equal(use_headwise_attention(attention)(x), attention(x))


def test_parameters_are_shared(attention: Attention):
    fast = use_headwise_attention(attention)
    assert {id(p) for p in fast.parameters()} == {id(p) for p in attention.parameters()}
