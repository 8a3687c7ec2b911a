# SPDX-License-Identifier: Apache-2.0
"""Winograd's convolutions are convolutions."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tips_ros.model.fast import winograd
from tips_ros.model.fast.winograd import WinogradConv, use_winograd, winograd_conv

SIZES = [(1, 1), (4, 4), (3, 9), (8, 5), (17, 33), (40, 12), (7, 600)]  # around whole tiles, strips


def random(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(6)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_map_is_that_of_a_plain_convolution(size: tuple[int, int], images: int):
    x, weight = random(images, 5, *size), random(6, 5, 3, 3)
    with torch.inference_mode():
        torch.testing.assert_close(winograd_conv(x, weight), F.conv2d(x, weight, padding=1))


def test_in_fp32_it_is_off_by_rounding_alone():
    x, weight = random(1, 128, 40, 36), random(128, 128, 3, 3)
    with torch.inference_mode():
        exact = F.conv2d(x, weight, padding=1)
        found = winograd_conv(x.float(), weight.float())
    assert float((found - exact).norm() / exact.norm()) < 3e-6
    assert float((found - exact).abs().max() / exact.abs().max()) < 1e-5


def test_in_bf16_it_is_off_by_two_percent():
    x, weight = random(1, 128, 40, 36).bfloat16(), random(128, 128, 3, 3).bfloat16()
    with torch.inference_mode():
        exact = F.conv2d(x.double(), weight.double(), padding=1)
        found = winograd_conv(x, weight)
    assert found.dtype == torch.bfloat16
    assert 0 < float((found - exact).norm() / exact.norm()) < 0.02


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_a_wide_convolution_of_a_large_map_is_done_so_in_either_layout(
    layout: torch.memory_format, bias: bool, monkeypatch: pytest.MonkeyPatch
):
    calls = []
    monkeypatch.setattr(winograd, "winograd_conv", lambda *a: calls.append(1) or winograd_conv(*a))
    conv = nn.Conv2d(128, 130, 3, padding=1, bias=bias).requires_grad_(False)
    x = random(1, 128, 32, 32).float().to(memory_format=layout)
    fast = use_winograd(conv)
    assert type(fast) is WinogradConv and type(conv) is nn.Conv2d
    with torch.inference_mode():
        torch.testing.assert_close(fast(x), conv(x), rtol=1e-4, atol=1e-5)
    assert len(calls) == (layout == torch.channels_last)
    assert fast.weight is conv.weight, "parameters are shared"


def test_a_small_map_and_other_precisions_are_left_to_torch():
    conv = nn.Conv2d(128, 128, 3, padding=1).requires_grad_(False)
    fast = use_winograd(conv)
    small = random(1, 128, 31, 33).float().to(memory_format=torch.channels_last)
    with torch.inference_mode():
        assert torch.equal(fast(small), conv(small))
        conv.double()
        x = random(1, 128, 32, 32).to(memory_format=torch.channels_last)
        assert torch.equal(fast(x), conv(x))


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv2d(127, 128, 3, padding=1),
        nn.Conv2d(128, 127, 3, padding=1),
        nn.Conv2d(128, 128, 3),
        nn.Conv2d(128, 128, 3, padding=1, stride=2),
        nn.Conv2d(128, 128, 3, padding=1, dilation=2),
        nn.Conv2d(128, 128, 3, padding=1, groups=2),
        nn.Conv2d(128, 128, 1, padding=1),
        nn.ConvTranspose2d(128, 128, 3, padding=1),
    ],
    ids=str,
)
def test_other_convolutions_stay_as_they_are(conv: nn.Module):
    assert type(use_winograd(conv)) is type(conv)
