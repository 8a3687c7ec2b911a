# SPDX-License-Identifier: Apache-2.0
"""Other detail: the bands of a picture from fine to coarse, each stronger, weaker or something else's.

What a surface looks like from near is what rendered rooms and real ones differ in most. Where it
can't be relied on, the form of things and the whole picture have to say how far they are.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.frames.appearance.draws import Draws

_BANDS = 4  # octaves: details of 1 to 2 px, 2 to 4, …
_SHARE = 0.6  # of the pictures
_LOST = 0.45  # of those, so many lose all detail below a size
_FOREIGN = 0.3  # of the bands that get noise of their own size


def banded(images: Tensor, draws: Draws) -> Tensor:
    """The pictures (N, 3, S, S), S a multiple of 16, with other detail, limited to [0, 1]."""
    gains = (0.45 * draws.normal(_BANDS)).exp()
    finest = draws.sometimes(_LOST, 1) * draws.uniform(0, _BANDS, 1)
    lost = (finest - torch.arange(_BANDS, device=draws.device)).clamp(0, 1)
    gains = gains * (1 - lost * draws.uniform(0.6, 1, 1))
    noise = draws.sometimes(_FOREIGN, _BANDS) * draws.log_uniform(0.15, 1.2, _BANDS)
    made, changed = images, torch.zeros_like(images)
    for band in range(_BANDS):
        coarse = F.avg_pool2d(made, 2)
        detail = made - _enlarged(coarse, made)
        spread = detail.std(dim=(1, 2, 3), keepdim=True)
        foreign = draws.normal(1, *made.shape[-2:]) + 0.3 * draws.normal(*made.shape[1:])
        change = detail * _each(gains[:, band] - 1) + foreign * spread * _each(noise[:, band])
        changed = changed + _enlarged(change, images)
        made = coarse
    return torch.addcmul(images, changed, draws.sometimes(_SHARE, 1, 1, 1)).clamp(0, 1)


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def _enlarged(images: Tensor, like: Tensor) -> Tensor:
    if images.shape == like.shape:
        return images
    return F.interpolate(images, size=like.shape[-2:], mode="bilinear")
