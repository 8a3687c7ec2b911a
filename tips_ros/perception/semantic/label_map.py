# SPDX-License-Identifier: Apache-2.0
"""Label maps, and their margins at the resolution of the logits."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class LabelMap(NamedTuple):
    """Labels and how sure they are, both (B, H, W) uint8."""

    labels: Tensor  # index of the winning class
    confidence: Tensor  # how far it is ahead of the second, 0 to 255


class Axis(NamedTuple):
    """Input rows (or columns) that each output one lies between, and how far along."""

    before: Tensor
    after: Tensor
    weight: Tensor


def axis(inputs: int, outputs: int, device: torch.device) -> Axis:
    """Bilinear positions with pixel centres half a pixel in (align_corners=False)."""
    at = (torch.arange(outputs, device=device, dtype=torch.float32) + 0.5) * (inputs / outputs)
    at = (at - 0.5).clamp(min=0.0)
    before = at.floor().long().clamp(max=inputs - 1)
    return Axis(before, (before + 1).clamp(max=inputs - 1), at - before)


def shares(by_pixel: Tensor, best: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Softmax (P, K), of which the best class's is left undefined; that, and the next, (P, 1).

    Args:
        by_pixel: (P, K) logits.
        best: (P, 1) the best class.
    """
    p = by_pixel.softmax(dim=1)
    first = p.gather(1, best)
    return p, first, p.scatter_(1, best, 0.0).amax(dim=1, keepdim=True)


def as_bytes(share: Tensor) -> Tensor:
    """0 to 1 as 0 to 255; below 0 is 0, too. The tensor given is used up."""
    return share.mul_(255).round_().clamp_(0, 255).to(torch.uint8)
