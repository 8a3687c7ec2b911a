# SPDX-License-Identifier: Apache-2.0
"""Linear layers by oneDNN say what torch's own say."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tips_ros.model.blocks import GeluLinear
from tips_ros.model.fast import onednn, rewrite_heads
from tips_ros.model.fast.onednn import (
    OneDnnGeluLinear,
    OneDnnLinear,
    OneDnnPointwise,
    onednn_is_there,
    onednn_linear,
    use_onednn,
)
from tips_ros.model.tips import HEAD_NAMES, Tips
from tips_ros.model.variants import Gelu

needs_onednn = pytest.mark.skipif(not onednn_is_there(), reason="this torch has no oneDNN here")


def random(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


@needs_onednn
@pytest.mark.parametrize("shape", [(7, 24), (1, 5, 24), (2, 5, 24), (24,), (0, 24)], ids=str)
@pytest.mark.parametrize("with_bias", [True, False])
def test_a_product_is_torch_s_whatever_the_input_s_shape(shape: tuple[int, ...], with_bias: bool):
    x, weight, bias = random(*shape), random(10, 24), random(10) if with_bias else None
    with torch.inference_mode():
        torch.testing.assert_close(onednn_linear(x, weight, bias), F.linear(x, weight, bias))


@needs_onednn
def test_an_input_and_a_weight_that_are_not_in_one_piece_are_read_right():
    x, weight = random(2, 9, 24)[:, 2:], random(10, 48)[:, 24:]
    with torch.inference_mode():
        torch.testing.assert_close(onednn_linear(x, weight), F.linear(x, weight))


@needs_onednn
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_a_1x1_convolution_is_torch_s_in_either_memory_layout(layout: torch.memory_format):
    conv = nn.Conv2d(24, 10, 1).requires_grad_(False)
    x = random(2, 24, 3, 5).to(memory_format=layout)
    fast = use_onednn(conv)
    assert isinstance(fast, OneDnnPointwise)
    torch.testing.assert_close(fast(x), conv(x))


@pytest.mark.parametrize("options", [{"stride": 2}, {"padding": 1}, {"groups": 2}], ids=str)
def test_other_convolutions_of_one_pixel_are_left_to_torch(options: dict[str, int]):
    conv = nn.Conv2d(4, 6, 1, **options)  # type: ignore[arg-type]
    assert type(use_onednn(conv)) is nn.Conv2d


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_precisions_are_left_to_torch(dtype: torch.dtype):
    x, weight = random(3, 24).to(dtype), random(10, 24).to(dtype)
    assert torch.equal(onednn_linear(x, weight), F.linear(x, weight))


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_a_gelu_may_follow_in_fp32(approximate: str):
    x, weight, bias = random(3, 24), random(10, 24), random(10)
    with torch.inference_mode():
        found = onednn_linear(x, weight, bias, approximate)
        expected = F.gelu(F.linear(x, weight, bias), approximate=approximate)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("gelu", [None, "none", "tanh"])
def test_in_bf16_a_layer_rounds_no_more_than_torch_s_own_steps(gelu: str | None):
    x, weight, bias = (v.bfloat16() for v in (random(50, 96), random(64, 96), random(64)))

    def steps(dtype: torch.dtype) -> torch.Tensor:
        y = F.linear(x.to(dtype), weight.to(dtype), bias.to(dtype))
        return (y if gelu is None else F.gelu(y, approximate=gelu)).double()

    with torch.inference_mode():
        found, exact = onednn_linear(x, weight, bias, gelu), steps(torch.float64)
    assert found.dtype == torch.bfloat16
    errors = [float((y - exact).norm()) for y in (found.double(), steps(torch.bfloat16))]
    assert 0 < errors[0] <= 1.05 * errors[1]


@pytest.mark.parametrize("gelu", ["erf", "tanh"])
@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("images", [1, 2])
def test_what_each_image_adds_before_its_gelu_is_added_to_that_image(
    gelu: Gelu, with_bias: bool, images: int
):
    layer = GeluLinear(24, 10, gelu, bias=with_bias).requires_grad_(False)
    x, also = random(images, 7, 24), random(images, 10)
    fast = use_onednn(layer)
    with torch.inference_mode():
        expected = F.gelu(
            F.linear(x, layer.weight, layer.bias) + also[:, None], approximate=layer.approximate
        )
        for given in (layer, fast):
            torch.testing.assert_close(given(x, also), expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(fast(x), layer(x), rtol=1e-5, atol=1e-5)


@needs_onednn
@pytest.mark.parametrize("rewrite", [True, False])
def test_a_whole_model_says_the_same_and_the_one_given_stays_as_it_is(
    tiny_tips: Tips, rewrite: bool
):
    images = torch.rand(2, 3, 56, 70, generator=torch.Generator().manual_seed(4))
    given = rewrite_heads(tiny_tips) if rewrite else tiny_tips
    kinds = [type(module) for module in given.modules()]
    fast = use_onednn(given)
    assert any(isinstance(module, OneDnnGeluLinear) for module in fast.backbone.modules())
    with torch.inference_mode():
        expected, maps = tiny_tips(images, HEAD_NAMES), fast(images, HEAD_NAMES)
    for name in HEAD_NAMES:
        torch.testing.assert_close(
            getattr(maps, name), getattr(expected, name), rtol=1e-4, atol=1e-4
        )
    assert [type(module) for module in given.modules()] == kinds
    assert not any(type(module) is nn.Linear for module in fast.modules())
    assert any(isinstance(module, OneDnnLinear) for module in fast.backbone.modules())


@needs_onednn
def test_parameters_are_shared_not_copied(tiny_tips: Tips):
    fast = use_onednn(tiny_tips)
    own = {name: value.data_ptr() for name, value in tiny_tips.state_dict().items()}
    assert own == {name: value.data_ptr() for name, value in fast.state_dict().items()}


def test_without_onednn_the_model_is_returned_as_it_is(
    tiny_tips: Tips, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(onednn, "onednn_is_there", lambda: False)
    assert use_onednn(tiny_tips) is tiny_tips
