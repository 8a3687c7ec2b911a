# SPDX-License-Identifier: Apache-2.0
"""The end of a decoder: bilinear ×2 (align_corners=True), then a zero-padded 3×3 convolution.

Two ways to the same numbers. Both are given the product of `out_conv`, `project` and, where
nothing non-linear comes before it, the head's linear layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.fast.dpt.frozen import frozen_parameter
from tips_ros.model.fast.dpt.kernels import Product
from tips_ros.model.fast.dpt.ones_channel import append_ones, weigh_ones, width_with_ones


class DirectTail(nn.Module):
    """Upsamples all channels, then convolves: best where channels are few or launches dear."""

    def __init__(self, product: Product, like: Tensor) -> None:
        super().__init__()
        outputs, channels = product.kernel.shape[:2]
        self.outputs = outputs
        self.conv = nn.Conv2d(width_with_ones(channels), outputs, 3, padding=1, device="meta")
        self.conv.weight = frozen_parameter(weigh_ones(product.kernel, product.tap_bias, 1), like)
        self.conv.bias = frozen_parameter(product.bias, like)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) → (B, K, 2h, 2w)."""
        # Ones stay ones when they are upsampled, and there are fewer of them before.
        x = F.interpolate(append_ones(x), scale_factor=2, mode="bilinear", align_corners=True)
        result: Tensor = self.conv(x)
        return result

    def map_strips(self, x: Tensor, what: Callable[[Tensor], Tensor]) -> list[Tensor]:
        """Applies `what` to the output as one strip; `StripTail` has several."""
        return [what(self(x))]


class EarlyTail(nn.Module):
    """Convolves before upsampling, a quarter of the work: the taps one by one, as 1×1 kernels.

    out[y, x] = Σ up(T_ij)[y + i − 1, x + j − 1] with T_ij = kernel[:, :, i, j] · input, because a
    1×1 convolution commutes with upsampling. Rows and columns are upsampled and shifted apart, so
    that of the nine maps only three, and then one, grow. What would come from beyond the border is
    left out of the sum; each tap's bias is in its T, and so left out with it.

    For few outputs: more are faster in strips, see `StripTail`.
    """

    def __init__(self, product: Product, like: Tensor) -> None:
        super().__init__()
        self.outputs, channels = product.kernel.shape[:2]
        weight = product.kernel.permute(2, 3, 0, 1).flatten(0, 2)  # by tap
        self.taps = nn.Conv2d(channels, len(weight), 1, device="meta")
        self.taps.weight = frozen_parameter(weight[..., None, None], like)
        self.taps.bias = frozen_parameter(product.biases_by_tap.permute(1, 2, 0).flatten(), like)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) → (B, K, 2h, 2w)."""
        return add_taps(self.taps(x), self.outputs)

    def map_strips(self, x: Tensor, what: Callable[[Tensor], Tensor]) -> list[Tensor]:
        """Applies `what` to the output as one strip; `StripTail` has several."""
        return [what(self(x))]


def add_taps(taps: Tensor, outputs: int) -> Tensor:
    """Taps (B, 9·K, h, w), upsampled, shifted and added → (B, K, 2h, 2w)."""
    h, w = taps.shape[-2:]
    # Maps of few channels are faster with each channel in one piece.
    maps = taps.contiguous().unflatten(1, (3, 3, outputs))
    rows = (_spread(row.unbind(1), (h, 2 * w), 3) for row in maps.unbind(1))
    return _spread(rows, (2 * h, 2 * w), 2)


def _spread(taps: Iterable[Tensor], size: tuple[int, int], axis: int) -> Tensor:
    """Three taps along an axis, each upsampled to a size, shifted to its place and added."""
    before, middle, after = (_resize(tap, size) for tap in taps)
    last = size[axis - 2] - 1
    middle.narrow(axis, 1, last).add_(before.narrow(axis, 0, last))
    middle.narrow(axis, 0, last).add_(after.narrow(axis, 1, last))
    return middle


def _resize(x: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(x, size=size, mode="bilinear", align_corners=True)
