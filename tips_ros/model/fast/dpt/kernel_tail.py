# SPDX-License-Identifier: Apache-2.0
"""The end of a decoder on a GPU: convolved before the last ×2, a quarter of the work."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.depth_bins import DepthBins, bin_sums
from tips_ros.model.fast.dpt.frozen import frozen_parameter
from tips_ros.model.fast.dpt.kernels import Product
from tips_ros.model.fast.dpt.output_convs import add_taps
from tips_ros.model.fast.gpu.kernels import run_kernel

_MULTIPLE = 16  # of the numbers of a tap: where each begins, the widest loads may
# Pixels, outputs: of a program at a time. Of 256 bins (8, 128) takes as long, docs/gpu.md; of the
# 160 and 16 outputs of classes and normals more of it would be empty.
TILE = (16, 64)


class KernelTail(nn.Module):
    """An `EarlyTail` with one kernel for all that follows its product of matrices.

    Where Triton can't be asked torch adds the taps, in twenty steps.
    """

    def __init__(self, product: Product, like: Tensor) -> None:
        super().__init__()
        self.outputs, channels = product.kernel.shape[:2]
        filled = -self.outputs % _MULTIPLE
        self.filled = self.outputs + filled
        weight = F.pad(product.kernel.permute(2, 3, 0, 1), (0, 0, 0, filled))  # by tap
        bias = F.pad(product.biases_by_tap.permute(1, 2, 0), (0, filled))
        self.taps = nn.Linear(channels, 9 * self.filled, device="meta")
        self.taps.weight = frozen_parameter(weight.flatten(0, 2), like)
        self.taps.bias = frozen_parameter(bias.flatten(), like)

    def forward(self, x: Tensor, relu: bool = False) -> Tensor:
        """(B, C, h, w) → (B, K, 2h, 2w), channels-last in memory, or its positive part."""
        taps = self._taps_of(x)
        made = run_kernel("tail_kernels", taps, lambda of: launch_add_taps(of, taps, relu))
        if made is not None:
            return made[:, : self.outputs]
        added = self._add(taps)
        return added.relu_() if relu else added

    def map_strips(self, x: Tensor, what: Callable[[Tensor], Tensor]) -> list[Tensor]:
        """Applies `what` to the output as one strip."""
        return [what(self(x))]

    def sum_bins(self, x: Tensor, bins: DepthBins, evidence: bool) -> Tensor:
        """(B, C, h, w) → (B, 2h, 2w, 2 or 4), the `bin_sums` of the output's positive part."""
        taps = self._taps_of(x)
        made = run_kernel(
            "tail_kernels", taps, lambda of: launch_sum_bins(of, taps, self.outputs, bins, evidence)
        )
        if made is not None:
            return made
        return bin_sums(self._add(taps).relu().permute(0, 2, 3, 1), bins, evidence)

    def _taps_of(self, x: Tensor) -> Tensor:
        """(B, h, w, 9·K), K filled up with zeros."""
        taps: Tensor = self.taps(x.permute(0, 2, 3, 1))
        return taps

    def _add(self, taps: Tensor) -> Tensor:
        return add_taps(taps.permute(0, 3, 1, 2), self.filled)[:, : self.outputs]


def launch_add_taps(kernels: ModuleType, taps: Tensor, relu: bool = False) -> Tensor:
    """(B, h, w, 9·K) → (B, K, 2h, 2w) by a module `tail_kernels`, with what K was filled with."""
    b, h, w, width = taps.shape
    outputs = width // 9
    made = taps.new_empty(b, 2 * h, 2 * w, outputs)
    pixels, of_outputs = TILE
    grid = (b * 2 * h, -(-2 * w // pixels), -(-outputs // of_outputs))
    kernels.add_taps_kernel[grid](
        taps, made, h, w, outputs, *taps.stride()[:3], RELU=relu, PIXELS=pixels, OUTPUTS=of_outputs
    )
    return made.permute(0, 3, 1, 2)


def launch_sum_bins(
    kernels: ModuleType, taps: Tensor, outputs: int, bins: DepthBins, evidence: bool
) -> Tensor:
    """(B, h, w, 9·K, filled) → (B, 2h, 2w, 2 or 4) fp32 by a module `tail_kernels`."""
    b, h, w, width = taps.shape
    pixels, of_outputs = TILE
    sums = taps.new_empty((b, 2 * h, 2 * w, 4 if evidence else 2), dtype=torch.float32)
    step_m = bins.step_m(outputs)
    kernels.sum_bins_kernel[(b * 2 * h, -(-2 * w // pixels))](
        taps,
        sums,
        h,
        w,
        width // 9,
        *taps.stride()[:3],
        bins.min_m,
        step_m,
        SUMS=sums.shape[-1],
        PIXELS=pixels,
        OUTPUTS=of_outputs,
    )
    return sums
