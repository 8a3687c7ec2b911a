# SPDX-License-Identifier: Apache-2.0
"""The dense heads in less work. Interfaces and maps are those of `tips_ros.model.heads`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.dpt import DptDecoder, Fusion
from tips_ros.model.fast.decoder import FastDecoder
from tips_ros.model.fast.kernels import of_tail
from tips_ros.model.fast.tails import DirectTail, EarlyTail
from tips_ros.model.heads import DenseHead, DepthHead
from tips_ros.model.vit import LayerFeatures

# With fewer, the early tail's extra passes over memory cost more than the work they save.
_EARLY_CHANNELS = 64


class FastDenseHead(nn.Module):
    """A decoder whose last three convolutions are one: normals, and class logits."""

    def __init__(
        self, plain: DenseHead, early: bool | None = None, *, apart: bool | None = None
    ) -> None:
        """Of a plain head, which stays as it is.

        Args:
            plain: its weights, in the dtype and on the device wanted.
            early: whether to convolve before the last ×2; by what it is worth if None.
            apart: whether the head's linear layer stays a step of its own; by what costs less
                if None.
        """
        super().__init__()
        self.outputs = plain.head.out_channels
        self.decoder = FastDecoder(plain.dpt)
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
    """Depth, its bins' two sums taken group by group as the logits are made."""

    def __init__(self, plain: DepthHead, early: bool | None = None) -> None:
        """As `FastDenseHead`; a ReLU after `project` keeps the head's linear layer apart."""
        super().__init__(plain, early, apart=plain.bins.relu_after_project or None)
        self.bins = plain.bins

    def forward(self, layers: Sequence[LayerFeatures]) -> Tensor:
        """→ (B, 1, h, w) metres along z, never in less than fp32."""
        x = self.decoder(layers)
        floor, count = self.bins.min_m, self.outputs
        wide = torch.promote_types(x.dtype, torch.float32)
        centers = torch.linspace(floor, self.bins.max_m, count, device=x.device, dtype=wide)
        to_sums = torch.stack([centers, torch.ones_like(centers)])  # (2, K)
        sums: Tensor | float = 0.0
        first = 0
        for logits in self._logits(x):
            weights = logits.relu_().to(wide).permute(0, 2, 3, 1)  # (B, h, w, G), p without min_m
            of_group = to_sums[:, first : first + weights.shape[-1]]
            sums = F.linear(weights, of_group) + sums  # (B, h, w, 2)
            first += weights.shape[-1]
        assert isinstance(sums, Tensor) and first == count
        # Adding min_m to every p adds constants to both sums; it need not touch every bin.
        weighted = sums[..., 0] + floor * centers.sum()
        return (weighted / (sums[..., 1] + floor * count))[:, None]

    def _logits(self, x: Tensor) -> Iterator[Tensor]:
        """In groups of bins, near to far."""
        if self.head is None:
            yield from self.tail.parts(x)
            return
        projected = self.tail(x)
        yield self.head(projected.relu_() if self.bins.relu_after_project else projected)


def _tail(plain: DptDecoder, head: nn.Conv2d | None, early: bool | None) -> DirectTail | EarlyTail:
    last = plain.fusions[-1]
    assert isinstance(last, Fusion)
    product = of_tail(last.out_conv, plain.project, head)
    if early is None:
        early = product.kernel.shape[1] >= _EARLY_CHANNELS
    return (EarlyTail if early else DirectTail)(product, plain.project.weight)
