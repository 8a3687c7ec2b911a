# SPDX-License-Identifier: Apache-2.0
"""The guide of edges: an image's colours, and its depth and normals where there are any."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

FINE = 8  # fine pixels along a patch's side: the resolution of the DPT heads

# A difference as large as one of these is an edge: the kernel between two points is
# exp(−½ Σ (difference / tolerance)²).
COLOUR_TOLERANCE = 1 / 7  # of each of R, G, B in [0, 1]
LOG_DEPTH_TOLERANCE = 1 / 7  # of ln z: a sixth nearer or farther
NORMAL_TOLERANCE = 1 / 4  # of the chord between unit normals: 14 degrees
_NEAREST_M = 0.01


class Guide(NamedTuple):
    """Pictures of one view, each of any size; None for what was not computed anyway."""

    images: Tensor  # (B, 3, H, W) RGB in [0, 1]
    depth: Tensor | None = None  # (B, 1, h', w') metres
    normals: Tensor | None = None  # (B, 3, h', w') of any length


def guide_cells(guide: Guide, grid: tuple[int, int]) -> Tensor:
    """The guide at the fine pixels of each patch, in units of its tolerances.

    Args:
        guide: of a batch of B.
        grid: (h, w) patches.

    Returns:
        (B, h·w, FINE², C) fp32, patches and their pixels row by row; C is 3, and 1 more with
        depth, and 3 more with normals.
    """
    size = (grid[0] * FINE, grid[1] * FINE)
    channels = [_at(guide.images, size) / COLOUR_TOLERANCE]
    if guide.depth is not None:
        log_depth = _at(guide.depth.float().clamp(min=_NEAREST_M).log(), size)
        channels.append(log_depth / LOG_DEPTH_TOLERANCE)
    if guide.normals is not None:
        normals = _at(F.normalize(guide.normals.float(), dim=1), size)
        channels.append(normals / NORMAL_TOLERANCE)
    return as_cells(torch.cat(channels, dim=1))


def as_cells(fine: Tensor) -> Tensor:
    """(B, C, h·FINE, w·FINE) → (B, h·w, FINE², C)."""
    b, c, height, width = fine.shape
    x = fine.view(b, c, height // FINE, FINE, width // FINE, FINE)
    return x.permute(0, 2, 4, 3, 5, 1).reshape(b, -1, FINE * FINE, c)


def as_map(cells: Tensor, grid: tuple[int, int]) -> Tensor:
    """(B, h·w, FINE², C) → (B, C, h·FINE, w·FINE), channels last in memory."""
    b, _, _, c = cells.shape
    h, w = grid
    x = cells.view(b, h, w, FINE, FINE, c).permute(0, 1, 3, 2, 4, 5)  # (B, h, FINE, w, FINE, C)
    return x.reshape(b, h * FINE, w * FINE, c).permute(0, 3, 1, 2)


def _at(x: Tensor, size: tuple[int, int]) -> Tensor:
    if x.shape[-2:] == size:
        return x.float().contiguous()
    return F.interpolate(
        x.float(), size=size, mode="bilinear", antialias=True, align_corners=False
    ).contiguous()
