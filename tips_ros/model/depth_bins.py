# SPDX-License-Identifier: Apache-2.0
"""Depth bins: what the logits of a depth head come to, in one pass over them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

LEAST_SPREAD = 2e-3  # of depth, that sums in fp32 can tell


@dataclass(frozen=True)
class DepthBins:
    """The bins by which the depth head's logits become metres.

    Attributes:
        min_m, max_m: first and last bin centre, in metres.
        relu_after_project: whether a ReLU follows the decoder's `project`. Google's releases
            disagree: the Hub's code applies it, the reference repository does not.
        unit: what an activation of 1 stands for, where the head's were scaled to fit a number
            format; a power of two.
    """

    min_m: float = 0.001
    max_m: float = 10.0
    relu_after_project: bool = False
    unit: float = 1.0

    def step_m(self, count: int) -> float:
        """Metres from the centre of a bin to the next one's, of so many."""
        return (self.max_m - self.min_m) / (count - 1)

    def centers(self, count: int, like: Tensor) -> Tensor:
        """(K,) metres, on the device of a tensor, never in less than fp32."""
        wide = torch.promote_types(like.dtype, torch.float32)
        return torch.linspace(self.min_m, self.max_m, count, device=like.device, dtype=wide)


def bin_sums(weights: Tensor, bins: DepthBins, evidence: bool = False) -> Tensor:
    """Sums over the bins of activations that lack their floor, `min_m`.

    Args:
        weights: (…, K) relu of the logits, any floating type.
        bins: of the head.
        evidence: whether it is wanted how sure depth is, too.

    Returns:
        (…, 2): Σ r c and Σ r, for the centres c; with the evidence (…, 4): also Σ r² and Σ r c².
        Never in less than fp32: half precision would be 6 cm coarse at 8 m.
    """
    centers = bins.centers(weights.shape[-1], weights)
    weights = weights.to(centers.dtype)
    of_each = [centers, torch.ones_like(centers)]
    if not evidence:
        return F.linear(weights, torch.stack(of_each))
    sums = F.linear(weights, torch.stack([*of_each, centers.square()]))
    # Of a strip that is still in the cache; a sum of squares takes half as long again.
    squares = torch.linalg.vector_norm(weights, dim=-1, keepdim=True).square()
    return torch.cat([sums[..., :2], squares, sums[..., 2:]], -1)


def depth_of_sums(sums: Tensor, bins: DepthBins, count: int) -> Tensor:
    """Sums of `bin_sums` → depth, and where they tell of it, how sure the head is.

    p_k = r_k + min_m, and depth = Σ p_k c_k / Σ p_k. Adding min_m to every r adds constants to the
    sums, so that it need not touch every bin.

    Args:
        sums: (B, h, w, 2) or (B, h, w, 4).
        bins: of the head.
        count: K.

    Returns:
        (B, 1, h, w) metres along z; or (B, 4, h, w): depth, the sum of the activations Σ p, the
        crowding Σ (p / Σ p)², from 1 / K where all bins are as likely to 1 where there is but one,
        and the spread √(Σ p (c − depth)² / Σ p) / depth, at least `LEAST_SPREAD`. The crowding's
        negative logarithm is an entropy (Rényi's of order 2), for a tenth of what Shannon's costs.
    """
    floor, unit = bins.min_m, bins.unit
    weighted, plain = sums[..., 0], sums[..., 1]
    if unit != 1.0:
        weighted, plain = weighted * unit, plain * unit
    total = plain + floor * count
    centers = bins.centers(count, sums)
    depth = (weighted + floor * centers.sum()) / total
    if sums.shape[-1] == 2:
        return depth[:, None]
    squared, far = sums[..., 2], sums[..., 3]
    if unit != 1.0:
        squared, far = squared * unit**2, far * unit
    squares = squared + 2 * floor * plain + floor**2 * count
    moment = (far + floor * centers.square().sum()) / total
    return torch.stack(
        [depth, total, squares / total.square(), relative_spread(depth, moment)], dim=1
    )


def relative_spread(depth: Tensor, moment: Tensor) -> Tensor:
    """Standard deviation of the bins by depth, of their mean, `depth`, and of E[c²], `moment`."""
    # Of numbers nearly equal: what is left of them is noise below about a thousandth of depth. By
    # operators alone that every reader of graphs knows.
    least = LEAST_SPREAD**2
    return (F.relu(moment / depth.square() - 1.0 - least) + least).sqrt()
