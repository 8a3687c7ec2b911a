# SPDX-License-Identifier: Apache-2.0
"""Products of convolutions: the one kernel that does what two or three in a row do.

Convolutions are linear, so a row of them with nothing non-linear between is one. What is not one
is the border: a bias before a zero-padded convolution is missing where that one reads padding.
Such a bias is therefore kept apart for each tap of the kernel, or is its weight on a channel of
ones.
Everything is computed in fp64 and returned so.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tips_ros.model.fast.dpt.ones_channel import weigh_ones


class Product(NamedTuple):
    """A zero-padded 3×3 convolution and what comes with it."""

    kernel: Tensor  # (K, C, 3, 3) as of a Conv2d
    bias: Tensor  # (K,), everywhere
    tap_bias: Tensor  # (K, 3, 3), added for each tap that reads the image and not its padding

    @property
    def biases_by_tap(self) -> Tensor:
        """(K, 3, 3) with `bias` at the middle tap, which never reads padding."""
        biases = self.tap_bias.clone()
        biases[:, 1, 1] += self.bias
        return biases


def compose_tail(out_conv: nn.Conv2d, project: nn.Conv2d, head: nn.Conv2d | None) -> Product:
    """1×1, (bilinear ×2), zero-padded 3×3, 1×1 → the one 3×3 convolution after the ×2.

    Upsampling commutes with the first, its weights sum to 1 at every pixel.

    Args:
        out_conv: 1×1, C → D.
        project: 3×3, D → D.
        head: 1×1, D → K; None to stop after `project`.
    """
    first, first_bias = _pointwise(out_conv)  # (D, C), (D,)
    middle, middle_bias = project.weight.detach().double(), _bias(project)
    kernel = torch.einsum("pdyx,dc->pcyx", middle, first)
    tap_bias = torch.einsum("pdyx,d->pyx", middle, first_bias)
    if head is None:
        return Product(kernel, middle_bias, tap_bias)
    last, last_bias = _pointwise(head)  # (K, D), (K,)
    return Product(
        torch.einsum("kp,pcyx->kcyx", last, kernel),
        last @ middle_bias + last_bias,
        torch.einsum("kp,pyx->kyx", last, tap_bias),
    )


def compose_spread(resize: nn.ConvTranspose2d, conv: nn.Conv2d) -> Tensor:
    """A transposed convolution that fills s×s cells, then a zero-padded 3×3 without bias.

    Each cell's block grows by a pixel on each side and overlaps its neighbours' there:
    (s+2)² taps of one input cell instead of 9·s² taps of s² filled pixels.

    Args:
        resize: s×s with stride s, C → D.
        conv: 3×3, D → K.

    Returns:
        (C with ones, K, s+2, s+2) as of a ConvTranspose2d with stride s and padding 1.
    """
    spread, conv_weight = resize.weight.detach().double(), conv.weight.detach().double()
    spread = weigh_ones(spread, _bias(resize)[:, None, None].expand_as(spread[0]), axis=0)
    cells, (side, _) = spread.shape[0], resize.kernel_size
    kernel = spread.new_zeros(cells, conv_weight.shape[0], side + 2, side + 2)
    for y in range(3):
        for x in range(3):
            # Tap (y, x) of the convolution carries pixel p of the block to p + 1 − (y, x).
            block = torch.einsum("cdij,kd->ckij", spread, conv_weight[:, :, y, x])
            kernel[:, :, 2 - y : 2 - y + side, 2 - x : 2 - x + side] += block
    return kernel


def _pointwise(conv: nn.Conv2d) -> tuple[Tensor, Tensor]:
    """Weight (K, C) and bias (K,) of a 1×1 convolution."""
    return conv.weight.detach().double()[:, :, 0, 0], _bias(conv)


def _bias(conv: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    if conv.bias is None:
        return torch.zeros(conv.out_channels, dtype=torch.float64, device=conv.weight.device)
    return conv.bias.detach().double()
