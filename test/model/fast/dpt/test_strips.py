# SPDX-License-Identifier: Apache-2.0
"""The tail in strips is the tail: the same maps, whatever the size."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from tips_ros.model.fast.dpt.kernels import Product
from tips_ros.model.fast.dpt.output_convs import DirectTail
from tips_ros.model.fast.dpt.strips import StripTail
from tips_ros.model.fast.dpt.upsample_matrices import upsample_matrices

OUTPUTS, CHANNELS = 20, 5
SIZES = [(1, 1), (2, 3), (4, 8), (5, 9), (12, 16), (13, 17), (16, 40)]  # around whole blocks


def random(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return values.to(dtype)


def product() -> Product:
    kernel, bias = random(OUTPUTS, CHANNELS, 3, 3), random(OUTPUTS)
    return Product(kernel, bias, random(OUTPUTS, 3, 3))


def pair(dtype: torch.dtype = torch.float64) -> tuple[StripTail, DirectTail]:
    return StripTail(product(), random(1, dtype=dtype)), DirectTail(product(), random(1))


@pytest.mark.parametrize("block", [1, 4, 8])
@pytest.mark.parametrize("length", [1, 2, 3, 8, 9, 31])
def test_bands_upsample_shift_and_add_three_taps(length: int, block: int):
    taps = random(3, length)
    up = F.interpolate(taps[None], size=2 * length, mode="linear", align_corners=True)[0]
    padded = F.pad(up, (1, 1))
    expected = padded[0, :-2] + padded[1, 1:-1] + padded[2, 2:]

    made = upsample_matrices(length, block, torch.float64)
    windows = F.pad(taps.t(), (0, 0, 1, block * len(made) - length + 1))
    outputs = [
        band @ windows[i * block : i * block + block + 2].flatten() for i, band in enumerate(made)
    ]
    whole = torch.cat(outputs)
    torch.testing.assert_close(whole[: 2 * length], expected)
    assert not whole[2 * length :].any(), "beyond the axis there is nothing"


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_map_is_that_of_upsampling_and_convolving(size: tuple[int, int], images: int):
    strips, direct = pair()
    x = random(images, CHANNELS, *size)
    with torch.inference_mode():
        torch.testing.assert_close(strips(x), direct(x))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_strips_are_the_rows_of_the_map_from_top_to_bottom(size: tuple[int, int]):
    strips, _ = pair()
    x = random(2, CHANNELS, *size)
    with torch.inference_mode():
        parts = strips.map_strips(x, torch.clone)
        torch.testing.assert_close(torch.cat(parts, dim=2), strips(x), rtol=0, atol=0)
    assert len(parts) == -(-size[0] // 4)


def test_a_pixel_reaches_its_neighbours_and_no_further():
    strips, _ = pair()
    x = random(1, CHANNELS, 12, 24)
    other = x.clone()
    other[:, :, 6, 11] += 1
    with torch.inference_mode():
        changed = (strips(other) - strips(x)).abs().amax((0, 1)) > 1e-12
    rows, columns = changed.nonzero().unbind(1)
    assert rows.min() >= 10 and rows.max() <= 15
    assert columns.min() >= 20 and columns.max() <= 25


def test_in_bf16_it_rounds_less_than_twice_what_upsampling_and_convolving_rounds():
    strips, direct = pair(torch.bfloat16)
    rounded = DirectTail(product(), random(1, dtype=torch.bfloat16))
    x = random(1, CHANNELS, 16, 24, dtype=torch.bfloat16)
    with torch.inference_mode():
        exact = direct(x.double())
        errors = [float((tail(x) - exact).norm() / exact.norm()) for tail in (strips, rounded)]
    assert 0 < errors[0] < 2 * errors[1]
