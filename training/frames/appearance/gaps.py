# SPDX-License-Identifier: Apache-2.0
"""Gaps: parts of a picture are hidden, and what surrounds them has to say what is there."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.frames.appearance.draws import Draws

_SHARE = 0.4  # of the pictures
_CELLS = (4, 8, 16)  # along a side, as many pictures have few as many


def hidden(images: Tensor, draws: Draws) -> Tensor:
    """The pictures (N, 3, S, S) with cells of one colour, or of the picture before, in places."""
    size = images.shape[-2:]
    fields = [F.interpolate(draws.uniform(0, 1, 1, n, n), size=size, mode="nearest")
              for n in _CELLS]  # fmt: skip
    which = draws.uniform(0, len(_CELLS), 1, 1, 1).long().clamp_max(len(_CELLS) - 1)
    field = torch.cat(fields, dim=1).gather(1, which.expand(-1, -1, *size))
    share = draws.sometimes(_SHARE, 1, 1, 1) * draws.uniform(0.08, 0.5, 1, 1, 1)
    plain = draws.uniform(0, 1, 3, 1, 1).expand_as(images)
    filling = torch.where(draws.sometimes(0.5, 1, 1, 1) > 0, plain, images.roll(1, dims=0))
    return torch.where(field < share, filling, images)
