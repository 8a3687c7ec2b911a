# SPDX-License-Identifier: Apache-2.0
"""The end of a decoder: bilinear ×2 (align_corners=True), then a zero-padded 3×3 convolution.

Two ways to the same numbers. Both are given the product of `out_conv`, `project` and, where
nothing non-linear comes before it, the head's linear layer.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.fast.kernels import Product
from tips_ros.model.fast.tap_bias import TapBias

# Maps of fewer channels than a vector register holds are faster with each channel in one piece.
_NARROW = 16
# Outputs made at a time, at most: three of their maps are held at full size.
_GROUP = 160


class DirectTail(nn.Module):
    """Upsamples all channels, then convolves: best where channels are few or launches dear."""

    def __init__(self, product: Product, like: Tensor) -> None:
        super().__init__()
        outputs, channels = product.kernel.shape[:2]
        self.outputs = outputs
        self.conv = nn.Conv2d(channels, outputs, 3, padding=1, device="meta")
        self.conv.weight = _parameter(product.kernel, like)
        self.conv.bias = _parameter(product.bias + product.tap_bias.sum(dim=(1, 2)), like)
        self.border = TapBias(product.tap_bias, like)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) → (B, K, 2h, 2w)."""
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        result: Tensor = self.border(self.conv(x))
        return result

    def parts(self, x: Tensor) -> Iterator[Tensor]:
        """The outputs in groups, first to last: here in one."""
        yield self(x)


class EarlyTail(nn.Module):
    """Convolves before upsampling, a quarter of the work: the taps one by one, as 1×1 kernels.

    out[y, x] = Σ up(T_ij)[y + i − 1, x + j − 1] with T_ij = kernel[:, :, i, j] · input, because a
    1×1 convolution commutes with upsampling. Rows and columns are upsampled and shifted apart, so
    that of the nine maps only three, and then one, grow. What would come from beyond the border is
    left out of the sum; each tap's bias is in its T, and so left out with it.
    """

    def __init__(self, product: Product, like: Tensor) -> None:
        super().__init__()
        self.outputs, channels = product.kernel.shape[:2]
        tap_bias = product.tap_bias.clone()
        tap_bias[:, 1, 1] += product.bias  # the middle tap is never beyond the border
        groups = -(-self.outputs // _GROUP)
        self.groups = nn.ModuleList(
            _Taps(kernel, bias, like)
            for kernel, bias in zip(
                product.kernel.chunk(groups), tap_bias.chunk(groups), strict=True
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) → (B, K, 2h, 2w)."""
        parts = list(self.parts(x))
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def parts(self, x: Tensor) -> Iterator[Tensor]:
        """The outputs in groups (B, G, 2h, 2w), first to last."""
        h, w = x.shape[-2:]
        for taps in self.groups:
            rows = (_spread(row, (h, 2 * w), 3) for row in taps(x))
            yield _spread(rows, (2 * h, 2 * w), 2)


class _Taps(nn.Module):
    """The taps of a 3×3 kernel as 1×1 convolutions."""

    def __init__(self, kernel: Tensor, bias: Tensor, like: Tensor) -> None:
        """Of (G, C, 3, 3) and (G, 3, 3)."""
        super().__init__()
        self.outputs, channels = kernel.shape[:2]
        weights, biases = kernel.permute(2, 3, 0, 1).flatten(0, 1), bias.permute(1, 2, 0)  # by tap
        together = 9 if self.outputs < _NARROW else 1
        self.convs = nn.ModuleList()
        for weight, of_tap in zip(
            weights.reshape(9 // together, -1, channels),
            biases.reshape(9 // together, -1),
            strict=True,
        ):
            conv = nn.Conv2d(channels, len(weight), 1, device="meta")
            conv.weight = _parameter(weight[..., None, None], like)
            conv.bias = _parameter(of_tap, like)
            self.convs.append(conv)

    def forward(self, x: Tensor) -> Iterator[Iterator[Tensor]]:
        """(B, C, h, w) → three rows of three maps (B, G, h, w), each made when it is asked for."""
        if len(self.convs) == 1:
            maps = self.convs[0](x).contiguous().unflatten(1, (3, 3, self.outputs))
            for row in maps.unbind(1):
                yield iter(row.unbind(1))
        else:
            for first in (0, 3, 6):
                yield (conv(x) for conv in list(self.convs)[first : first + 3])


def _spread(taps: Iterator[Tensor], size: tuple[int, int], axis: int) -> Tensor:
    """Three taps along an axis, each upsampled to a size, shifted to its place and added."""
    before, middle, after = (_resized(tap, size) for tap in taps)
    last = size[axis - 2] - 1
    middle.narrow(axis, 1, last).add_(before.narrow(axis, 0, last))
    middle.narrow(axis, 0, last).add_(after.narrow(axis, 1, last))
    return middle


def _resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(x, size=size, mode="bilinear", align_corners=True)


def _parameter(value: Tensor, like: Tensor) -> nn.Parameter:
    return nn.Parameter(value.to(like.device, like.dtype), requires_grad=False)
