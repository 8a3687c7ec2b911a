# SPDX-License-Identifier: Apache-2.0
"""One soft superpixel for each patch: whose of the nine patches around it a fine pixel is.

As of Jampani et al., "Superpixel Sampling Networks", ECCV 2018 (a differentiable SLIC), with the
guide as features, and the quadratic B-spline instead of a distance in space: where the guide is
flat, scores are interpolated smoothly. No class appears here: the shares cost the same for three
classes and for 150.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from tips_ros.perception.semantic.edges.guide import FINE
from tips_ros.perception.semantic.edges.neighbours import log_there, nine_of, scatter_to_nine

_LEAST = 1e-6


class Superpixels(NamedTuple):
    """Superpixels of h·w patches."""

    shares: Tensor  # (B, h·w, FINE², 9) of each fine pixel in the superpixels of its nine patches
    centres: Tensor  # (B, h·w, C) mean of the guide over each superpixel


def superpixels(cells: Tensor, grid: tuple[int, int]) -> Superpixels:
    """Starts with the patches themselves, and lets them take the pixels that look like them.

    Args:
        cells: (B, h·w, FINE², C), as of `guide_cells`.
        grid: (h, w).
    """
    prior = _log_spline(cells.device) + log_there(grid, cells.device)[:, None]  # (h·w, FINE², 9)
    taken = _shares(cells, cells.mean(dim=2), prior, grid)
    amounts = torch.cat([cells, torch.ones_like(cells[..., :1])], dim=-1)
    sums = scatter_to_nine(taken.transpose(-1, -2) @ amounts, grid)  # (B, h·w, C + 1)
    centres = sums[..., :-1] / sums[..., -1:].clamp(min=_LEAST)
    return Superpixels(_shares(cells, centres, prior, grid), centres)


def _shares(cells: Tensor, centres: Tensor, prior: Tensor, grid: tuple[int, int]) -> Tensor:
    """softmax over the nine of prior − ½ |pixel − centre|²; |pixel|² is the same for all nine."""
    nine = nine_of(centres, grid)
    alike = torch.matmul(cells, nine.transpose(-1, -2)) - nine.square().sum(-1)[:, :, None] / 2
    return (alike + prior).softmax(dim=-1)


def _log_spline(device: torch.device) -> Tensor:
    """(FINE², 9) logarithms of quadratic B-splines at the nine patches' centres."""
    inside = (torch.arange(FINE, device=device) + 0.5) / FINE - 0.5  # in patches
    away = (inside[:, None] - torch.arange(-1.0, 2.0, device=device)).abs()  # (FINE, 3)
    spline = torch.where(away < 0.5, 0.75 - away**2, (1.5 - away).clamp(min=0.0) ** 2 / 2)
    both = spline[:, None, :, None] * spline[None, :, None, :]  # (FINE, FINE, 3, 3)
    return (both.reshape(FINE * FINE, 9) + _LEAST).log()
