# SPDX-License-Identifier: Apache-2.0
"""Scores of patches → scores of their superpixels: less noise, or more contrast.

Two things are wrong with the score of a patch. It is noisy, so patches that look alike should be
averaged; and a patch across an edge mixes what is on both sides, so the scores of superpixels
should be such that *their* mixture over the patch is the patch's score. The second amplifies noise
and the first blunts. Which is needed shows in the scores themselves: how often neighbours that look
alike disagree about which of two classes is ahead.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tips_ros.perception.semantic.edges.neighbours import OWN, log_there, nine_of
from tips_ros.perception.semantic.edges.superpixels import Superpixels

# Share of disagreeing neighbours: at the first and below scores are exact, at the second noisy.
EXACT, NOISY = 0.06, 0.14
CONTRAST = 0.7  # of the residual that is given back where scores are exact
_WIDER = 0.5  # of a squared difference in the guide counts: these are patches, not pixels
_STEEP = 0.5  # of the usual squared difference of neighbours' scores makes two scores different
_LEAST = 1e-12


def superpixel_scores(scores: Tensor, found: Superpixels, grid: tuple[int, int]) -> Tensor:
    """Scores of patches (B, h·w, K) fp32 → those of their superpixels, (B, h·w, K)."""
    log_alike = _log_alike(found.centres, grid)
    nine = nine_of(scores, grid)  # (B, h·w, 9, K)
    doubt = _doubt(scores, nine, log_alike)
    averaged = _average(scores, nine, log_alike)
    steadier = scores + doubt * (averaged - scores)
    mixture = found.shares.mean(dim=2)[:, :, None]  # (B, h·w, 1, 9)
    residual = steadier - (mixture @ nine_of(steadier, grid))[:, :, 0]
    return steadier + CONTRAST * (1 - doubt) * residual


def _log_alike(centres: Tensor, grid: tuple[int, int]) -> Tensor:
    """(B, h·w, 9) how alike a patch and its nine look, as a log weight; 0 for itself."""
    differences = nine_of(centres, grid) - centres[:, :, None]
    return log_there(grid, centres.device) - _WIDER * differences.square().sum(dim=-1) / 2


def _doubt(scores: Tensor, nine: Tensor, log_alike: Tensor) -> Tensor:
    """(B, 1, 1), 0 to 1: from the share of alike neighbours that deny a patch's best class.

    A neighbour denies it if it has the patch's second class before the patch's best.
    """
    if scores.shape[-1] < 2:
        return scores.new_zeros(len(scores), 1, 1)
    two = scores.topk(2, dim=-1).indices[:, :, None].expand(-1, -1, 9, -1)
    ahead = nine.gather(-1, two)  # (B, h·w, 9, 2)
    weight = log_alike.exp()
    weight[:, :, OWN] = 0.0
    denied = (weight * (ahead[..., 0] < ahead[..., 1])).sum(dim=(1, 2))
    share = denied / weight.sum(dim=(1, 2)).clamp(min=_LEAST)
    return ((share - EXACT) / (NOISY - EXACT)).clamp(0.0, 1.0)[:, None, None]


def _average(scores: Tensor, nine: Tensor, log_alike: Tensor) -> Tensor:
    """Bilateral means: of neighbours alike in the guide, and not too different in score.

    The scale of scores doesn't matter: the median squared difference of neighbours is the unit.
    """
    apart = (nine - scores[:, :, None]).square().sum(dim=-1)  # (B, h·w, 9)
    counts = log_alike > -1e3
    counts[:, :, OWN] = False
    usual = apart.masked_fill(~counts, torch.nan).flatten(1).nanmedian(dim=1).values.nan_to_num()
    unit = _STEEP * usual[:, None, None] + _LEAST
    weight = (log_alike - apart / unit / 2).softmax(dim=-1)
    return (weight[:, :, None] @ nine)[:, :, 0]
