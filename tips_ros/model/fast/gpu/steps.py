# SPDX-License-Identifier: Apache-2.0
"""Steps between products of matrices, in one kernel each where Triton is, and else by torch."""

from __future__ import annotations

from types import ModuleType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.depth_bins import DepthBins, bin_sums
from tips_ros.model.fast.gpu.kernels import run_kernel

_MODULE = "step_kernels"
# Of a program at a time.
GROW_TILE = (8, 128)  # pixels, channels
SUM_TILE = (16, 64)  # pixels, bins


def add_norm(x: Tensor, change: Tensor, gamma: Tensor, norm: nn.LayerNorm) -> tuple[Tensor, Tensor]:
    """Tokens + change · gamma, and the layer norm of that; all (B, N, D), gamma (D,)."""
    made = run_kernel(_MODULE, x, lambda of: launch_add_norm(of, x, change, gamma, norm))
    if made is not None:
        return made
    x = torch.addcmul(x, change, gamma)
    return x, norm(x)


def grow_add(coarse: Tensor, bias: Tensor, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Coarse, upsampled ×2 (align_corners=True), + bias + two maps; and the positive part of that.

    Args:
        coarse: (B, C, h, w).
        bias: (C,).
        one, other: (B, C, 2h, 2w).
    """
    made = run_kernel(_MODULE, coarse, lambda of: launch_grow_add(of, coarse, bias, one, other))
    if made is not None:
        return made
    grown = F.interpolate(
        coarse + bias[:, None, None], scale_factor=2, mode="bilinear", align_corners=True
    )
    total = grown.add_(one).add_(other)
    return total, total.relu()


def sum_logits(logits: Tensor, bins: DepthBins, evidence: bool) -> Tensor:
    """Logits (B, K, h, w) → (B, h, w, 2 or 4) fp32, the `bin_sums` of their positive part."""
    by_pixel = logits.permute(0, 2, 3, 1)
    made = None
    if by_pixel.is_contiguous():
        made = run_kernel(
            _MODULE, logits, lambda of: launch_sum_logits(of, by_pixel, bins, evidence)
        )
    return bin_sums(by_pixel.relu(), bins, evidence) if made is None else made


def launch_add_norm(
    kernels: ModuleType, x: Tensor, change: Tensor, gamma: Tensor, norm: nn.LayerNorm
) -> tuple[Tensor, Tensor]:
    """`add_norm` by a module `step_kernels`."""
    width = x.shape[-1]
    x, change = x.contiguous(), change.contiguous()
    moved, normed = torch.empty_like(x), torch.empty_like(x)
    filled = 1 << (width - 1).bit_length()
    kernels.add_norm_kernel[(x.numel() // width,)](
        x, change, gamma, norm.weight, norm.bias, moved, normed, width, norm.eps, WIDTH=filled
    )
    return moved, normed


def launch_grow_add(
    kernels: ModuleType, coarse: Tensor, bias: Tensor, one: Tensor, other: Tensor
) -> tuple[Tensor, Tensor]:
    """`grow_add` by a module `step_kernels`."""
    coarse, one, other = (
        x.contiguous(memory_format=torch.channels_last) for x in (coarse, one, other)
    )
    b, channels, h, w = coarse.shape
    total, active = torch.empty_like(one), torch.empty_like(one)
    pixels, of_channels = GROW_TILE
    grid = (b * 2 * h, -(-2 * w // pixels), -(-channels // of_channels))
    kernels.grow_add_kernel[grid](
        *(coarse, bias, one, other, total, active, h, w, channels),
        PIXELS=pixels,
        CHANNELS=of_channels,
    )
    return total, active


def launch_sum_logits(
    kernels: ModuleType, by_pixel: Tensor, bins: DepthBins, evidence: bool
) -> Tensor:
    """`sum_logits` by a module `step_kernels`, of (B, h, w, K) in one piece."""
    count = by_pixel.shape[-1]
    sums = by_pixel.new_empty((*by_pixel.shape[:-1], 4 if evidence else 2), dtype=torch.float32)
    pixels, of_bins = SUM_TILE
    number = by_pixel.numel() // count
    kernels.sum_logits_kernel[(-(-number // pixels),)](
        *(by_pixel, sums, number, count, bins.min_m),
        bins.step_m(count),
        SUMS=sums.shape[-1],
        PIXELS=pixels,
        BINS=of_bins,
    )
    return sums
