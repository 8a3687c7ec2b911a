# SPDX-License-Identifier: Apache-2.0
"""Comparison of a depth head's bins with their centres: pictures alone don't show rounded ones.

A picture's depth is a mean over many bins, in which rounding errors of their centres cancel. So
each bin by itself is made far more likely than all others together, and depth then is its centre.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from tips_ros.model.depth_bins import DepthBins, bin_sums, depth_of_sums
from tips_ros.model.engines.engine_model import EngineDepthHead
from tips_ros.model.fast.dpt.fast_heads import FastDepthHead
from tips_ros.model.heads import DepthHead
from tips_ros.model.vit import LayerFeatures

# Of the distance between bins: bf16 would round centres by three quarters of it, fp16 by a tenth.
BIN_SHARE = 0.02
_PEAK = 1e6  # of all other activations together
_SURE = 30000.0  # an activation that every format holds


def off_centers(head: nn.Module) -> float:
    """Measures how far the depth of a sure pixel is from its bin's centre, in distances of bins.

    Args:
        head: a depth head that torch or an engine computes.

    Returns:
        A share; infinite where the head makes no finite numbers of it.
    """
    assert isinstance(head, (EngineDepthHead, DepthHead, FastDepthHead))
    bins: DepthBins = head.bins
    if isinstance(head, EngineDepthHead):
        by_engine, found = True, torch.cat(list(_by_engine(head)))
    else:
        by_engine, found = False, _by_torch(head)
    if not found.isfinite().all():
        return float("inf")
    centers = torch.linspace(bins.min_m, bins.max_m, len(found), dtype=torch.float64)
    step_m = (bins.max_m - bins.min_m) / max(len(found) - 1, 1)
    if not by_engine:  # the floor of all others, too
        sure, floor = _SURE * bins.unit, bins.min_m
        centers = (sure * centers + floor * centers.sum()) / (sure + floor * len(centers))
    return float((found - centers[:, None]).abs().max() / step_m)


def _by_engine(head: EngineDepthHead) -> Iterator[Tensor]:
    """Depth over floors with one bin of each row far above all others: (bins, w) by turns."""
    layers = _no_layers(head)
    plain = head.forward_above(layers, head.floor)
    floor = head.floor.clone()
    rows, count = floor.shape[1], floor.shape[-1]
    peak = _PEAK * float(plain[:, 1].amax().clamp(min=head.bins.min_m * count))
    for start in range(0, count, rows):
        shown = torch.arange(min(rows, count - start), device=floor.device)
        peaked = floor.clone()
        peaked[0, shown, 0, start + shown] = peak
        yield head.forward_above(layers, peaked)[0, 0, : len(shown)].cpu().double()


def _no_layers(head: EngineDepthHead) -> list[LayerFeatures]:
    """Four layers of zeros: what a head makes of nothing is little."""
    width, grid, device = head.width, head.grid, head.floor.device
    tokens = torch.zeros(1, grid.h * grid.w, width, device=device)
    return [LayerFeatures(tokens.clone(), tokens[:, 0].clone(), grid) for _ in range(4)]


def _by_torch(head: DepthHead | FastDepthHead) -> Tensor:
    """Depth by the sums that torch takes of activations in the head's own precision: (bins, w)."""
    like = next(head.parameters())
    sure = torch.eye(head.outputs, device=like.device, dtype=like.dtype) * _SURE
    if isinstance(head, FastDepthHead):
        made = head.depth_of_logits(sure[:, :, None, None])[:, 0, 0]
    else:
        sums = bin_sums(sure, head.bins)[:, None, None]
        made = depth_of_sums(sums, head.bins, head.outputs)[:, 0, 0]
    return made.cpu().double()
