# SPDX-License-Identifier: Apache-2.0
"""The end of a decoder on a GPU: convolved before the last ×2, a quarter of the work."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import torch
from torch import Tensor, nn

from tips_ros.model.depth_bins import DepthBins, bin_sums
from tips_ros.model.fast.dpt.frozen import frozen_parameter
from tips_ros.model.fast.dpt.kernels import Product
from tips_ros.model.fast.dpt.output_convs import add_taps
from tips_ros.model.fast.gpu.kernels import run_kernel

_MULTIPLE = 8  # of half-precision numbers, that tensor cores read at once
_PIXELS, _OUTPUTS = 32, 32  # of a program at a time


class KernelTail(nn.Module):
    """An `EarlyTail` with one kernel for all that follows its product of matrices.

    Where Triton can't be asked torch adds the taps, in twenty steps.
    """

    def __init__(self, product: Product, like: Tensor) -> None:
        super().__init__()
        self.outputs, channels = product.kernel.shape[:2]
        weight = product.kernel.permute(2, 3, 0, 1).flatten(0, 2)  # by tap (9·K, C)
        bias = product.biases_by_tap.permute(1, 2, 0).flatten()
        filled = -len(weight) % _MULTIPLE
        self.taps = nn.Linear(channels, len(weight) + filled, device="meta")
        self.taps.weight = frozen_parameter(nn.functional.pad(weight, (0, 0, 0, filled)), like)
        self.taps.bias = frozen_parameter(nn.functional.pad(bias, (0, filled)), like)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) → (B, K, 2h, 2w), channels-last in memory."""
        taps = self._taps_of(x)
        made = run_kernel("tail_kernels", taps, lambda of: launch_add_taps(of, taps, self.outputs))
        return self._add(taps) if made is None else made

    def map_strips(self, x: Tensor, what: Callable[[Tensor], Tensor]) -> list[Tensor]:
        """Applies `what` to the output as one strip."""
        return [what(self(x))]

    def sum_bins(self, x: Tensor, bins: DepthBins, evidence: bool) -> Tensor:
        """(B, C, h, w) → (B, 2h, 2w, 2 or 3), the `bin_sums` of the output's positive part."""
        taps = self._taps_of(x)
        made = run_kernel(
            "tail_kernels", taps, lambda of: launch_sum_bins(of, taps, self.outputs, bins, evidence)
        )
        if made is not None:
            return made
        return bin_sums(self._add(taps).relu().permute(0, 2, 3, 1), bins, evidence)

    def _taps_of(self, x: Tensor) -> Tensor:
        """(B, h, w, 9·K and zeros)."""
        taps: Tensor = self.taps(x.permute(0, 2, 3, 1))
        return taps

    def _add(self, taps: Tensor) -> Tensor:
        return add_taps(taps[..., : 9 * self.outputs].permute(0, 3, 1, 2), self.outputs)


def launch_add_taps(kernels: ModuleType, taps: Tensor, outputs: int) -> Tensor:
    """(B, h, w, 9·K and more) → (B, K, 2h, 2w) by a module `tail_kernels`."""
    b, h, w, _ = taps.shape
    made = taps.new_empty(b, 2 * h, 2 * w, outputs)
    grid = (b * 2 * h, -(-2 * w // _PIXELS), -(-outputs // _OUTPUTS))
    kernels.add_taps_kernel[grid](
        taps, made, h, w, outputs, *taps.stride()[:3], PIXELS=_PIXELS, OUTPUTS=_OUTPUTS
    )
    return made.permute(0, 3, 1, 2)


def launch_sum_bins(
    kernels: ModuleType, taps: Tensor, outputs: int, bins: DepthBins, evidence: bool
) -> Tensor:
    """(B, h, w, 9·K and more) → (B, 2h, 2w, 2 or 3) fp32 by a module `tail_kernels`."""
    b, h, w, _ = taps.shape
    sums = taps.new_empty((b, 2 * h, 2 * w, 3 if evidence else 2), dtype=torch.float32)
    step_m = (bins.max_m - bins.min_m) / (outputs - 1)
    kernels.sum_bins_kernel[(b * 2 * h, -(-2 * w // _PIXELS))](
        taps,
        sums,
        h,
        w,
        outputs,
        *taps.stride()[:3],
        bins.min_m,
        step_m,
        SUMS=sums.shape[-1],
        PIXELS=_PIXELS,
        OUTPUTS=_OUTPUTS,
    )
    return sums
