# SPDX-License-Identifier: Apache-2.0
"""A weight on a channel of ones is a bias that is missing where a convolution reads padding."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.fast.dpt.fast_heads import FastDenseHead
from tips_ros.model.fast.dpt.ones_channel import (
    append_ones,
    make_ones_with,
    weigh_ones,
    width_with_ones,
)
from tips_ros.model.heads import NormalsHead
from tips_ros.model.vit import LayerFeatures, PatchGrid


def made(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("channels", [1, 16, 63, 64, 96, 200, 256])
def test_wide_maps_keep_widths_that_tensor_cores_take(channels: int):
    width = width_with_ones(channels)
    assert channels < width <= channels + 8
    assert width % 8 == 0 or channels < 64


@pytest.mark.parametrize("channels", [5, 72])
@pytest.mark.parametrize("size", [(1, 1), (1, 4), (5, 3)], ids=str)
def test_a_bias_by_tap_is_added_for_taps_within_the_image_alone(
    channels: int, size: tuple[int, int]
):
    x, kernel, biases = made(2, channels, *size), made(3, channels, 3, 3), made(3, 3, 3)
    found = F.conv2d(append_ones(x), weigh_ones(kernel, biases, 1), padding=1)
    expected = F.conv2d(x, kernel, padding=1)
    h, w = size
    for y in range(h):
        for column in range(w):
            for i in range(3):
                for j in range(3):
                    if 0 <= y + i - 1 < h and 0 <= column + j - 1 < w:
                        expected[:, :, y, column] += biases[:, i, j]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_a_convolution_makes_ones_that_are_exact_in_every_precision(bias: bool, dtype: torch.dtype):
    conv = nn.Conv2d(12, 96, 1, bias=bias).to(dtype)
    x = made(2, 12, 3, 4).to(dtype)
    with torch.inference_mode():
        found, expected = make_ones_with(conv)(x), conv(x)
    assert (found[:, 96] == 1).all() and (found[:, 97:] == 0).all()
    torch.testing.assert_close(found[:, :96], expected, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_ones_stay_ones_when_they_are_upsampled_but_for_a_last_digit(dtype: torch.dtype):
    x = append_ones(made(1, 64, 37, 51).to(dtype))
    up = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
    last_digit = 3 * torch.finfo(dtype).eps
    torch.testing.assert_close(up[:, 64:], torch.ones_like(up[:, 64:]), rtol=0, atol=last_digit)


def test_maps_keep_their_channels_last():
    x = made(1, 64, 3, 4).contiguous(memory_format=torch.channels_last)
    assert append_ones(x).is_contiguous(memory_format=torch.channels_last)


def test_a_head_writes_into_no_part_of_a_map():
    """Each such part is a step of its own on a GPU, and two in a graph that is exported."""
    head = FastDenseHead(NormalsHead(32, 16).requires_grad_(False), early=False)
    grid = PatchGrid(2, 3)
    layers = [LayerFeatures(torch.rand(1, 6, 32), torch.rand(1, 32), grid) for _ in range(4)]
    with torch.profiler.profile() as profile, torch.inference_mode():
        head(layers)
    steps = {event.key for event in profile.key_averages()}
    assert {"aten::conv2d", "aten::conv_transpose2d"} <= steps
    assert not {"aten::sub_", "aten::select", "aten::index_put_"} & steps
