# SPDX-License-Identifier: Apache-2.0
"""A channel of ones beside the others: a convolution's weight on it is a bias that knows borders.

A bias before a zero-padded convolution is missing where that one reads padding. As the weight of a
channel that is 1 everywhere it is missing there, too: padding is 0 in that channel as in any other.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.fast.dpt.frozen import frozen_parameter

# Of which wide maps have a multiple of channels, so that tensor cores take them. Of narrow ones,
# which serve on processors, that would be a fourth more.
_MULTIPLE, _WIDE = 8, 64


def width_with_ones(channels: int) -> int:
    """The number of channels once the ones have come: the rest of what is added is unused."""
    return (channels // _MULTIPLE + 1) * _MULTIPLE if channels >= _WIDE else channels + 1


def append_ones(x: Tensor) -> Tensor:
    """(B, C, H, W) → (B, `width_with_ones`, H, W), ones in what is added."""
    channels = x.shape[1]
    return F.pad(x, (0, 0, 0, 0, 0, width_with_ones(channels) - channels), value=1.0)


def make_ones_with(conv: nn.Conv2d) -> nn.Conv2d:
    """The same 1×1 convolution with the ones among its outputs; what else is added is zero."""
    outputs, inputs = conv.weight.shape[:2]
    added = width_with_ones(outputs) - outputs
    wider = nn.Conv2d(inputs, outputs + added, 1, device="meta")
    weight, bias = conv.weight.detach(), torch.zeros(outputs) if conv.bias is None else conv.bias
    wider.weight = frozen_parameter(F.pad(weight, (0, 0, 0, 0, 0, 0, 0, added)), weight)
    ones = F.pad(bias.detach().to(weight), (0, added))
    ones[outputs] = 1.0
    wider.bias = frozen_parameter(ones, weight)
    return wider


def weigh_ones(kernel: Tensor, of_ones: Tensor, axis: int) -> Tensor:
    """A kernel for the channels with the ones.

    Args:
        kernel: with C input channels along an axis.
        of_ones: the same shape without that axis.
        axis: 0 in a transposed convolution, 1 in a convolution.
    """
    channels = kernel.shape[axis]
    shape = list(kernel.shape)
    shape[axis] = width_with_ones(channels) - channels - 1
    return torch.cat([kernel, of_ones.unsqueeze(axis), kernel.new_zeros(shape)], axis)
