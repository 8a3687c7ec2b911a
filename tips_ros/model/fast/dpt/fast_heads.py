# SPDX-License-Identifier: Apache-2.0
"""The dense heads in less work. Interfaces and maps are those of `tips_ros.model.heads`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from tips_ros.model.depth_bins import bin_sums, depth_of_sums
from tips_ros.model.dpt import DptDecoder, Fusion
from tips_ros.model.fast.dpt.decoder import FastDecoder
from tips_ros.model.fast.dpt.kernel_tail import KernelTail
from tips_ros.model.fast.dpt.kernels import Product, compose_tail
from tips_ros.model.fast.dpt.output_convs import DirectTail, EarlyTail
from tips_ros.model.fast.dpt.strips import StripTail
from tips_ros.model.fast.gpu.steps import sum_logits
from tips_ros.model.heads import DenseHead, DepthHead
from tips_ros.model.vit import LayerFeatures

# Whether heads convolve before their last ×2: as a CPU does it best, as a GPU does, or never.
Early = bool | Literal["gpu"] | None
# With fewer, the early tail's extra passes over memory cost more than the work they save.
_EARLY_CHANNELS = 64
# With fewer, bands are too narrow to be worth it.
_STRIP_OUTPUTS = 16


Tail = DirectTail | EarlyTail | KernelTail | StripTail


class FastDenseHead(nn.Module):
    """A decoder whose last three convolutions are one: normals, and class logits."""

    def __init__(
        self, plain: DenseHead, early: Early = None, *, apart: bool | None = None
    ) -> None:
        """Rewrites a plain head, which is left unchanged.

        Args:
            plain: its weights, in the dtype and on the device wanted.
            early: whether to convolve before the last ×2, and for whom; by what it is worth on a
                CPU if None.
            apart: whether the head's linear layer stays a step of its own; by what costs less
                if None.
        """
        super().__init__()
        self.outputs, self.width = plain.outputs, plain.width
        self.decoder: nn.Module = FastDecoder(plain.dpt)
        # C channels, K outputs, by pixel: 9·C·K in one against 9·C² + C·K.
        apart = 8 * self.outputs > 9 * plain.head.in_channels if apart is None else apart
        self.head = plain.head if apart else None
        self.tail = _tail(plain.dpt, None if apart else plain.head, early)

    def forward(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """Four intermediate layers → (B, outputs, h, w)."""
        x = self.tail(self.decoder(layers))
        result: Tensor = x if self.head is None else self.head(x)
        return result


class FastDepthHead(FastDenseHead):
    """Depth, its bins' two sums taken strip by strip as the logits are made."""

    def __init__(self, plain: DepthHead, early: Early = None) -> None:
        """Rewrites a plain head; a ReLU after `project` leaves its linear layer a step."""
        super().__init__(plain, early, apart=plain.bins.relu_after_project or None)
        self.bins = plain.bins

    def forward(self, layers: Sequence[LayerFeatures], evidence: bool = False) -> Tensor:
        """→ (B, 1, h, w) metres along z, or with its evidence (B, 4, h, w); never below fp32."""
        sums = self._sums(self.tail, self.head, self.decoder(layers), evidence)
        return depth_of_sums(sums, self.bins, self.outputs)

    def depth_of_logits(self, logits: Tensor) -> Tensor:
        """Logits (B, K, h, w) → the depth (B, 1, 2h, 2w) that this head makes of them."""
        kernel = torch.zeros(self.outputs, self.outputs, 3, 3, dtype=torch.float64)
        kernel[:, :, 1, 1] = torch.eye(self.outputs)
        nothing = kernel[:, 0, 0, 0]
        tail = type(self.tail)(Product(kernel, nothing, torch.zeros_like(kernel[:, 0])), logits)
        return depth_of_sums(self._sums(tail, None, logits, False), self.bins, self.outputs)

    def _sums(self, tail: Tail, head: nn.Module | None, x: Tensor, evidence: bool) -> Tensor:
        """A decoder's map → (B, h, w, sums) of `bin_sums`."""
        bins = self.bins

        def sum_bins(part: Tensor) -> Tensor:
            """(B, K, rows, w) → (B, rows, w, sums)."""
            if head is not None:
                part = head(part.relu_() if bins.relu_after_project else part)
            return bin_sums(part.relu_().permute(0, 2, 3, 1), bins, evidence)

        if isinstance(tail, KernelTail):
            if head is None:
                return tail.sum_bins(x, bins, evidence)
            return sum_logits(head(tail(x, relu=bins.relu_after_project)), bins, evidence)
        # Strip by strip: logits in fp32 are the largest array of a pass.
        return torch.cat(tail.map_strips(x, sum_bins), dim=1)


def _tail(plain: DptDecoder, head: nn.Conv2d | None, early: Early) -> Tail:
    last = plain.fusions[-1]
    assert isinstance(last, Fusion)
    product = compose_tail(last.out_conv, plain.project, head)
    outputs, channels = product.kernel.shape[:2]
    if early == "gpu":
        return KernelTail(product, plain.project.weight)
    if not (channels >= _EARLY_CHANNELS if early is None else early):
        return DirectTail(product, plain.project.weight)
    kind = StripTail if outputs >= _STRIP_OUTPUTS else EarlyTail
    return kind(product, plain.project.weight)
