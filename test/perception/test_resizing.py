# SPDX-License-Identifier: Apache-2.0
"""Maps are resized as torch would in fp64."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.perception.resizing import Kind, resize_maps

SIZES = [(480, 640), (48, 64), (24, 32), (100, 40), (33, 17), (1, 1), (1, 50)]
KINDS = pytest.mark.parametrize("kind", ["bilinear", "bicubic"])


def maps(batch: int = 2, channels: int = 3, h: int = 48, w: int = 64) -> Tensor:
    return torch.randn(batch, channels, h, w, generator=torch.Generator().manual_seed(4))


def exact(x: Tensor, size: tuple[int, int], kind: Kind) -> Tensor:
    return F.interpolate(x.double(), size=size, mode=kind, align_corners=False)


@KINDS
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_value_is_that_of_fp64_to_a_hundred_thousandth(size: tuple[int, int], kind: Kind):
    x = maps()
    found = resize_maps(x, size, kind)
    assert found.dtype == torch.float32 and found.shape == (2, 3, *size)
    assert (found - exact(x, size, kind)).abs().max() < 1e-5


@KINDS
def test_it_is_no_farther_from_fp64_than_torch_s_own_in_fp32(kind: Kind):
    x, size = maps(h=128, w=128), (480, 640)
    torch_s = F.interpolate(x, size=size, mode=kind, align_corners=False)
    truth = exact(x, size, kind)
    assert (resize_maps(x, size, kind) - truth).abs().max() <= (torch_s - truth).abs().max()


@KINDS
def test_the_layout_in_memory_does_not_matter(kind: Kind):
    x = maps()
    last = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(resize_maps(last, (30, 50), kind), resize_maps(x, (30, 50), kind))


def test_the_map_given_stays_as_it_is_even_at_its_own_size():
    x = maps()
    before = x.clone()
    resize_maps(x, (48, 64)).mul_(2)
    assert torch.equal(x, before)


def test_one_pixel_is_the_same_everywhere():
    everywhere = resize_maps(torch.full((1, 1, 1, 1), 2.5), (5, 7), "bicubic")
    torch.testing.assert_close(everywhere, torch.full((1, 1, 5, 7), 2.5))
