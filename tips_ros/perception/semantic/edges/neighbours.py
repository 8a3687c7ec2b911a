# SPDX-License-Identifier: Apache-2.0
"""A patch and the eight around it: nine, row by row, itself the fifth."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

OWN = 4  # the patch's own place among the nine
_NOT_THERE = -1e4  # as a log weight


def nine_of(patches: Tensor, grid: tuple[int, int]) -> Tensor:
    """(B, h·w, C) → (B, h·w, 9, C); beyond the border, the patch at the border."""
    b, _, c = patches.shape
    h, w = grid
    padded = F.pad(patches.transpose(1, 2).view(b, c, h, w), (1, 1, 1, 1), mode="replicate")
    padded = padded.permute(0, 2, 3, 1)  # (B, h + 2, w + 2, C)
    windows = [padded[:, y : y + h, x : x + w] for y in range(3) for x in range(3)]
    return torch.stack(windows, dim=3).view(b, h * w, 9, c)


def scatter_to_nine(gifts: Tensor, grid: tuple[int, int]) -> Tensor:
    """(B, h·w, 9, C) that each patch gives to its nine → (B, h·w, C) that each patch gets."""
    b, _, _, c = gifts.shape
    h, w = grid
    got = gifts.new_zeros(b, h + 2, w + 2, c)
    of_patch = gifts.view(b, h, w, 9, c)
    for place in range(9):
        y, x = divmod(place, 3)
        got[:, y : y + h, x : x + w] += of_patch[:, :, :, place]
    return got[:, 1:-1, 1:-1].reshape(b, h * w, c)


def log_there(grid: tuple[int, int], device: torch.device) -> Tensor:
    """(h·w, 9) log weights: 0 for a neighbour in the image, very low for one beyond it."""
    h, w = grid
    beyond = torch.full((h + 2, w + 2), _NOT_THERE, device=device)
    beyond[1:-1, 1:-1] = 0.0
    windows = [beyond[y : y + h, x : x + w] for y in range(3) for x in range(3)]
    return torch.stack(windows, dim=2).view(h * w, 9)
