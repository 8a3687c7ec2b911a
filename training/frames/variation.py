# SPDX-License-Identifier: Apache-2.0
"""The ways in which frames are varied for training, drawn at random."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_LEAST_ZOOM, _ZOOMED = 0.65, 0.7  # side of the smallest cut-out; share of the frames cut out


class Variation(NamedTuple):
    """Variation of each of B frames; fields are (B,) unless another shape is given."""

    zoom: Tensor  # side of the cut-out as a fraction of the picture's
    left: Tensor  # where it begins, likewise
    top: Tensor
    mirrored: Tensor  # bool
    gamma: Tensor  # exponent of all colours in [0, 1]
    gain: Tensor  # (B, 3) factor on red, green and blue
    contrast: Tensor  # factor on the distance to the picture's mean
    colour: Tensor  # factor on the distance to grey
    sharpness: Tensor  # below 0 softer, above 0 sharper
    grain: Tensor  # standard deviation of the noise


def vary(
    count: int, device: torch.device | str = "cpu", generator: torch.Generator | None = None
) -> Variation:
    """Draws how `count` frames are varied, on a device, with its generator."""

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, device=device, generator=generator)

    def factor(spread: float, channels: int = 1) -> Tensor:
        drawn = torch.randn(count, channels, device=device, generator=generator)
        return (spread * drawn).exp()

    zoom = torch.where(uniform(0, 1) < _ZOOMED, uniform(_LEAST_ZOOM, 1), 1.0)
    # Off the middle the optical axis would leave the centre of the picture: only a little.
    left, top = (0.5 * (1 - zoom) * (1 + 0.3 * uniform(-1, 1)) for _ in range(2))
    return Variation(
        zoom,
        left,
        top,
        mirrored=uniform(0, 1) < 0.5,
        gamma=factor(0.2)[:, 0],
        gain=factor(0.15) * factor(0.08, 3),
        contrast=factor(0.15)[:, 0],
        colour=factor(0.25)[:, 0],
        sharpness=uniform(-0.8, 0.6),
        grain=uniform(0, 0.02),
    )
