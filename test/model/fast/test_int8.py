# SPDX-License-Identifier: Apache-2.0
"""Linear layers in int8 say what those in fp32 say, to a hundredth."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tips_ros.model.blocks import Attention, GeluLinear
from tips_ros.model.fast.int8 import Int8GeluLinear, Int8Linear, int8_is_there, use_int8

pytestmark = pytest.mark.skipif(not int8_is_there(), reason="this processor has no AVX-512 VNNI")

DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)


def random(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(8)).to(dtype)


def layer(**options: Any) -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(96, 40, **options).requires_grad_(False)


def off(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Relative, of all together."""
    return float((found.double() - exact.double()).norm() / exact.double().norm())


@DTYPES
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(7, 96), (1, 5, 96), (2, 5, 96)], ids=str)
def test_a_product_is_off_by_a_hundredth(shape: tuple[int, ...], bias: bool, dtype: torch.dtype):
    plain, x = layer(bias=bias).to(dtype), random(*shape, dtype=dtype)
    fast = use_int8(plain)
    assert type(fast) is Int8Linear and type(plain) is nn.Linear
    with torch.inference_mode():
        found, exact = fast(x), plain.double()(x.double())
    assert found.dtype == dtype and found.shape == exact.shape
    assert 0 < off(found, exact) < 0.015


@DTYPES
@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("gelu", ["erf", "tanh"])
def test_so_it_is_with_what_is_added_and_a_gelu(gelu: Any, images: int, dtype: torch.dtype):
    torch.manual_seed(1)
    plain = GeluLinear(96, 40, gelu).requires_grad_(False).to(dtype)
    x, also = random(images, 5, 96, dtype=dtype), random(images, 40, dtype=dtype)
    fast = use_int8(plain)
    assert type(fast) is Int8GeluLinear
    with torch.inference_mode():
        found = [fast(x), fast(x, also)]
        plain.double()
        exact = [plain(x.double()), plain(x.double(), also.double())]
    assert all(0 < off(a, b) < 0.02 for a, b in zip(found, exact, strict=True))
    assert off(found[0], exact[1]) > 0.1, "what is added is felt"


@DTYPES
def test_a_large_token_takes_no_steps_from_the_others(dtype: torch.dtype):
    plain, x = layer().to(dtype), random(6, 96, dtype=dtype)
    fast, larger = use_int8(plain), x.clone()
    larger[2] *= 1000
    with torch.inference_mode():
        others = [0, 1, 3, 4, 5]
        assert torch.equal(fast(larger)[others], fast(x)[others])


@DTYPES
def test_a_large_channel_takes_no_steps_from_the_others(dtype: torch.dtype):
    plain, larger = layer(), layer()
    larger.weight[3] *= 1000
    x = random(6, 96, dtype=dtype)
    with torch.inference_mode():
        found, before = (use_int8(one.to(dtype))(x) for one in (larger, plain))
        assert torch.equal(found[:, 4:], before[:, 4:])


def test_a_token_of_zeros_gives_the_bias_and_what_is_no_number_stays_none():
    plain, x = layer(), random(3, 96)
    x[0], x[1, 5], x[2, 7] = 0.0, float("nan"), float("inf")
    with torch.inference_mode():
        found = use_int8(plain)(x)
    torch.testing.assert_close(found[0], plain.bias)
    assert not found[1:].isfinite().any()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_layer_that_has_run_can_be_copied_and_stored(copied: Any):
    fast, x = use_int8(layer()), random(4, 96)
    with torch.inference_mode():
        said = fast(x)
        assert torch.equal(copied(fast)(x), said)


def test_parameters_are_shared_and_attention_s_values_still_read_them():
    torch.manual_seed(4)
    attention = Attention(48, 3).requires_grad_(False)
    fast = use_int8(attention)
    assert {id(p) for p in fast.parameters()} == {id(p) for p in attention.parameters()}
    x = random(1, 9, 48)
    with torch.inference_mode():
        assert 0 < off(fast(x), attention(x)) < 0.03
        assert 0 < off(fast.values(x), attention.values(x)) < 0.015


def test_nothing_but_linear_layers_becomes_another():
    plain = nn.Sequential(nn.Conv2d(3, 8, 1), nn.LayerNorm(8), nn.Linear(8, 8))
    kinds = [type(module) for module in use_int8(plain)]
    assert kinds == [nn.Conv2d, nn.LayerNorm, Int8Linear]
    x = random(2, 8)
    with torch.inference_mode():
        torch.testing.assert_close(
            use_int8(plain[2])(x), F.linear(x, *plain[2].parameters()), rtol=0.1, atol=0.05
        )
