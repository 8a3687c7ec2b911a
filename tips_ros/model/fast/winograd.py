# SPDX-License-Identifier: Apache-2.0
"""3×3 convolutions by Winograd's minimal filtering, for CPUs: fewer multiplications, same sums.

A tile of 4×4 outputs is Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A, with the kernel g and the 6×6 inputs d that the
tile reads: 36 products instead of 9·16. Fast Algorithms for Convolutional Neural Networks, Lavin
and Gray, https://arxiv.org/abs/1509.09308. Here both sides of each transform are one matrix, its
Kronecker product with itself, and the tiles of a few rows are transformed, multiplied and
transformed back while they are in the cache.

Sums and differences are rounded before they are multiplied: in fp32 an error of 1e-6 of the result
(plain: 9e-7), in bf16 of 1.5 % (plain: 0.2 %). On a decoder's map that is little beside what bf16
does to the tokens it is made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tips_ros.model.fast.dpt.parallel_strips import run_strips
from tips_ros.model.fast.swap_modules import Module, swap_modules

_TILE, _READ = 4, 6  # outputs and inputs of a tile, along each axis
# Points at which a tile's polynomials are evaluated, besides infinity. With 1 and 2 instead errors
# would be twice as large.
_POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)
_TILES = 256  # that are worked on together
# Below these, transforms cost what multiplications save.
_NARROWEST = 128  # channels in and out
_SMALLEST = 32 * 32  # pixels of a map


class Transforms(NamedTuple):
    """Winograd's matrices for a tile, each for rows and columns at once."""

    of_inputs: Tensor  # (36, 36)
    of_kernel: Tensor  # (36, 9)
    of_products: Tensor  # (16, 36)


@lru_cache
def transforms(dtype: torch.dtype) -> Transforms:
    """B, G and A, by Toom and Cook's interpolation."""
    points = torch.tensor(_POINTS, dtype=torch.float64)

    def powers(count: int) -> Tensor:
        """(6, count) of each point; of infinity the highest alone counts."""
        infinite = torch.zeros(1, count, dtype=torch.float64)
        infinite[0, -1] = 1
        return torch.cat([points[:, None] ** torch.arange(count), infinite])

    of_inputs = torch.linalg.inv(powers(_READ)).t()
    # What one side is multiplied by, the other is divided by: the least factor becomes 1.
    scale = torch.stack([row[row.abs() > 1e-9].abs().min() for row in of_inputs])[:, None]
    sides = of_inputs / scale, powers(3) * scale, powers(_TILE).t()
    return Transforms(*(torch.kron(side, side).to(dtype) for side in sides))


class WinogradConv(nn.Conv2d):
    """A 3×3 `nn.Conv2d` with padding 1, Winograd's on large channels-last fp32 or bf16 maps."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, K, H, W)."""
        if (
            x.device.type != "cpu"
            or x.dtype not in (torch.float32, torch.bfloat16)
            or x.shape[-2] * x.shape[-1] < _SMALLEST
            or not x.is_contiguous(memory_format=torch.channels_last)
        ):
            return super().forward(x)
        y = winograd_conv(x, self.weight)
        return y if self.bias is None else y.add_(self.bias[:, None, None])


def winograd_conv(x: Tensor, weight: Tensor) -> Tensor:
    """A 3×3 convolution with padding 1, without a gradient.

    Args:
        x: (B, C, H, W) on the CPU.
        weight: (K, C, 3, 3).

    Returns:
        (B, K, H, W), channels-last in memory.
    """
    b, channels, h, w = x.shape
    outputs, columns = len(weight), -(-w // _TILE)
    of_kernel = transforms(x.dtype).of_kernel
    kernel = torch.mm(of_kernel, weight.permute(2, 3, 0, 1).reshape(9, -1))
    kernel = kernel.view(-1, outputs, channels).transpose(1, 2)  # (36, C, K)
    result = x.new_empty(b, -(-h // _TILE), _TILE, columns, _TILE, outputs)
    rows = min(result.shape[1], max(1, _TILES // columns))  # of tiles, together
    strips = [
        _Strip(image, first * rows * _TILE - 1, made)
        for image, whole in zip(x.permute(0, 2, 3, 1), result, strict=True)
        for first, made in enumerate(whole.split(rows))
    ]

    def convolve(share: slice) -> Sequence[None]:
        _convolve(strips[share], kernel, rows)
        return ()

    run_strips(convolve, len(strips), x.device, x.dtype)
    whole = result.view(b, -1, columns * _TILE, outputs)
    return whole[:, :h, :w].permute(0, 3, 1, 2)


class _Strip(NamedTuple):
    """A few rows of tiles."""

    image: Tensor  # (H, W, C), what they are made of
    first: int  # row of it that they read
    made: Tensor  # (rows, 4, columns, 4, K), what is made


def _convolve(strips: Sequence[_Strip], kernel: Tensor, rows: int) -> None:
    """Fills strips of the same width and at most so many rows of tiles."""
    channels, outputs = kernel.shape[1:]
    columns = strips[0].made.shape[2]
    transform, width = transforms(kernel.dtype), columns * _TILE + 2
    padded = kernel.new_zeros(rows * _TILE + 2, width, channels)
    tiles = padded.as_strided(  # where they overlap they share memory
        (_READ, _READ, rows, columns, channels),
        (width * channels, channels, _TILE * width * channels, _TILE * channels, 1),
    )
    together = rows * columns  # tiles
    # What was read is not needed any more when products are made: less of the cache for both.
    shared = kernel.new_empty(_READ**2 * together * max(channels, outputs))
    read = shared[: _READ**2 * together * channels].view(_READ**2, -1)
    products = shared[: _READ**2 * together * outputs].view(_READ**2, together, outputs)
    inputs = torch.empty_like(read)
    made = kernel.new_empty(_TILE, _TILE, rows, columns, outputs)
    for strip in strips:
        _cut(strip.image, strip.first, padded)
        read.view(tiles.shape).copy_(tiles)
        torch.mm(transform.of_inputs, read, out=inputs)
        torch.bmm(inputs.view(_READ**2, -1, channels), kernel, out=products)
        torch.mm(transform.of_products, products.flatten(1), out=made.view(_TILE**2, -1))
        strip.made.copy_(made.permute(2, 0, 3, 1, 4)[: len(strip.made)])


def _cut(image: Tensor, first: int, padded: Tensor) -> None:
    """Rows of an image (H, W, C), from `first` on, into the middle; zeros above and below it."""
    h, w, _ = image.shape
    top, bottom = max(first, 0), min(first + len(padded), h)
    padded[: top - first] = 0
    padded[top - first : bottom - first, 1 : w + 1] = image[top:bottom]
    padded[bottom - first :] = 0


def use_winograd(module: Module) -> Module:
    """The same module with its wide 3×3 convolutions done so.

    Parameters are shared with the module given, which stays unchanged.
    """
    return swap_modules(module, lambda part: WinogradConv if _is_wide(part) else None)


def _is_wide(conv: nn.Module) -> bool:
    if type(conv) is not nn.Conv2d:
        return False
    plain = (conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.groups)
    wide = min(conv.in_channels, conv.out_channels) >= _NARROWEST
    return wide and plain == ((3, 3), (1, 1), (1, 1), (1, 1), 1)
