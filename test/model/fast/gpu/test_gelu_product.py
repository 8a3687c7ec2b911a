# SPDX-License-Identifier: Apache-2.0
"""A step that torch does not promise is asked for only where it is there and right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.fast import choose, rewrite_for, rewrite_heads
from tips_ros.model.fast.dpt.gpu_decoder import GpuReassemble, fuse_decoders
from tips_ros.model.fast.gpu.gelu_product import gelu_product_is_there
from tips_ros.model.tips import HEAD_NAMES, Tips

ASKED = "_addmm_activation"


def in_one(tips: Tips) -> set[bool]:
    return {part.in_one for part in tips.modules() if isinstance(part, GpuReassemble)}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_it_is_there_where_this_torch_has_it(dtype: torch.dtype):
    assert gelu_product_is_there("cpu", dtype) == hasattr(torch, ASKED)


def otherwise_called(bias: Tensor, x: Tensor, weight: Tensor, *, activation: str) -> Tensor:
    raise AssertionError


def with_relu(bias: Tensor, x: Tensor, weight: Tensor, *, use_gelu: bool) -> Tensor:
    return F.relu(torch.addmm(bias, x, weight))


def without_bias(bias: Tensor, x: Tensor, weight: Tensor, *, use_gelu: bool) -> Tensor:
    return F.gelu(x @ weight)


def of_the_transpose(bias: Tensor, x: Tensor, weight: Tensor, *, use_gelu: bool) -> Tensor:
    return F.gelu(torch.addmm(bias, x, weight.t()))


def nothing_true(bias: Tensor, x: Tensor, weight: Tensor, *, use_gelu: bool) -> Tensor:
    return torch.full_like(x, torch.nan)


@pytest.mark.parametrize(
    "other", [otherwise_called, with_relu, without_bias, of_the_transpose, nothing_true]
)
def test_another_one_is_not_asked(other: Callable[..., Tensor], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch, ASKED, other)
    assert not gelu_product_is_there("cpu", torch.float32)


def test_nor_is_a_torch_without_it_and_its_heads_still_speak(
    tiny_tips: Tips, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr(torch, ASKED)
    fast = rewrite_for(tiny_tips, "cuda", torch.float32)
    assert in_one(fast) == {False}
    with torch.no_grad():
        assert fast.forward_features(torch.rand(1, 3, 28, 28), HEAD_NAMES).maps.depth is not None


def test_a_device_is_asked_that_the_model_will_run_on(
    tiny_tips: Tips, monkeypatch: pytest.MonkeyPatch
):
    asked = []
    monkeypatch.setattr(choose, "gelu_product_is_there", lambda *of: asked.append(of) or True)
    assert in_one(rewrite_for(tiny_tips, "cuda:1", torch.bfloat16)) == {True}
    assert asked == [("cuda:1", torch.bfloat16)]


@torch.no_grad()
@pytest.mark.skipif(not hasattr(torch, ASKED), reason="this torch has no such product")
@pytest.mark.parametrize("batch", [1, 3])
def test_heads_that_ask_for_it_say_what_plain_ones_say(tiny_tips: Tips, batch: int):
    images = torch.rand(batch, 3, 28, 42, generator=torch.Generator().manual_seed(1))
    expected = tiny_tips.forward_features(images, HEAD_NAMES, evidence=True).maps
    fast = fuse_decoders(rewrite_heads(tiny_tips, early=False), gelu_in_one=True)
    found = fast.forward_features(images, HEAD_NAMES, evidence=True).maps
    for name, true in expected._asdict().items():
        one = getattr(found, name)  # a CPU's GELU is the exact one, up to 5e-4 another
        torch.testing.assert_close(one, true, atol=1e-2, rtol=1e-2, msg=lambda m, n=name: n + m)


def test_a_device_without_numbers_is_asked_for_its_shape_alone():
    assert gelu_product_is_there("meta", torch.bfloat16)
