# SPDX-License-Identifier: Apache-2.0
"""Other cameras: tone curves, colours, sharpness, noise, compression, and what no camera does."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.frames.appearance.draws import Draws

_BLOCK = 8  # px, as JPEG has it


def toned(images: Tensor, draws: Draws) -> Tensor:
    """The pictures (N, 3, S, S) with another tone, limited to [0, 1].

    Highlights roll off as a camera's do, contrast follows an S, black is lifted, colours are
    shifted, paler or stronger; one in ten is grey.
    """

    def each(share: float, values: Tensor) -> Tensor:
        return draws.sometimes(share, 1, 1, 1) * values

    gain = each(0.5, 0.2 * draws.normal(1, 1, 1) + 0.12 * draws.normal(3, 1, 1)).exp()
    images = (images * gain).clamp_(1e-4, 1).pow_(each(0.4, 0.25 * draws.normal(1, 1, 1)).exp())
    # x · (1 − s + x · (3 · s − 2 · s · x)), and then paler or stronger, blacker or less black
    bend = each(0.5, draws.uniform(-0.5, 1.0, 1, 1, 1))
    slope = torch.addcmul(1 - bend, images, torch.addcmul(3 * bend, images, -2 * bend))
    images = slope.mul_(images)
    colour = each(0.5, 0.3 * draws.normal(1, 1, 1)).exp() * (1 - draws.sometimes(0.1, 1, 1, 1))
    black = each(0.4, draws.uniform(-0.1, 0.15, 1, 1, 1))
    pale = black + (1 - black) * (1 - colour) * images.mean(dim=1, keepdim=True)
    return torch.addcmul(pale, images, (1 - black) * colour).clamp_(0, 1)


def sensed(images: Tensor, draws: Draws) -> Tensor:
    """The pictures (N, 3, S, S) as a worse camera has them.

    Parts of the N, which are in no order, get what is dear: one of six a random filter, a quarter
    few pixels, a quarter blocks; all may get noise and few grey levels.
    """
    images = images.clone()
    for first, every, change in ((0, 6, _filtered), (1, 4, _coarse), (3, 4, _blocked)):
        part = images[first::every]
        if len(part):
            part.copy_(change(part, Draws(len(part), draws.device, draws.generator)))
    noisy = draws.sometimes(0.3, 1, 1, 1) * draws.log_uniform(0.01, 0.08, 1, 1, 1)
    images.addcmul_(draws.normal(*images.shape[1:]), noisy)
    few = draws.sometimes(0.07, 1, 1, 1)
    levels = few * draws.uniform(6, 24, 1, 1, 1) + (1 - few) * 255
    return images.mul_(levels).round_().div_(levels).clamp_(0, 1)


def _filtered(images: Tensor, draws: Draws) -> Tensor:
    """Each with a 3×3 filter of its own that mixes its colours, blended with itself."""
    n, _, height, width = images.shape
    taps = draws.normal(3, 3, 9) * draws.uniform(0.1, 1, 1, 1, 1)
    middle = (torch.arange(9, device=draws.device) == 4) * draws.uniform(0.5, 1.5, 1, 1, 1)
    same = torch.eye(3, device=draws.device)[..., None] * middle
    taps = (0.25 * taps + same).flatten(2)  # (N, 3, 27)
    around = F.unfold(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3)
    made = (taps @ around).view(n, 3, height, width)
    # As bright and as rich in contrast as before, or most would be black or white.
    mean, old = made.mean(dim=(1, 2, 3), keepdim=True), images.mean(dim=(1, 2, 3), keepdim=True)
    spread = made.std(dim=(1, 2, 3), keepdim=True).clamp_min(1e-3)
    ratio = images.std(dim=(1, 2, 3), keepdim=True) / spread
    made = old + (made - mean) * ratio.clamp_max(4)
    return torch.lerp(images, made, draws.uniform(0.2, 1, 1, 1, 1)).clamp(0, 1)


def _coarse(images: Tensor, draws: Draws) -> Tensor:
    """Half or a quarter of the pixels, enlarged smoothly or in steps, or blurred."""
    size = images.shape[-2:]
    half = F.avg_pool2d(images, 2)
    quarter = F.avg_pool2d(half, 2)
    small = torch.stack([
        F.interpolate(half, size=size, mode="bilinear"),
        F.interpolate(half, size=size, mode="nearest"),
        F.interpolate(quarter, size=size, mode="bilinear"),
        F.avg_pool2d(images, 5, 1, 2, count_include_pad=False),
    ])  # fmt: skip
    weights = draws.uniform(0, 1, 4) ** 4 + 1e-3
    weights = (weights / weights.sum(dim=1, keepdim=True)).T[..., None, None, None]
    return torch.lerp(images, (small * weights).sum(dim=0), draws.uniform(0.5, 1, 1, 1, 1))


def _blocked(images: Tensor, draws: Draws) -> Tensor:
    """The error of coarse steps of each 8×8 block's cosines, of colour coarser than of grey."""
    n, _, height, width = images.shape
    at = torch.arange(_BLOCK, device=draws.device, dtype=torch.float32)
    cosines = ((2 * at[None] + 1) * at[:, None] * (torch.pi / (2 * _BLOCK))).cos() / 2
    cosines = cosines * torch.where(at == 0, 0.5**0.5, 1.0)[:, None]  # orthonormal
    grey = images.mean(dim=1, keepdim=True)
    planes = torch.cat([grey, images[:, :2] - grey], dim=1)
    blocks = planes.view(n, 3, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).transpose(3, 4)
    steps = draws.log_uniform(0.02, 0.25, 1, 1, 1, 1, 1)
    steps = steps * (0.3 + (at[:, None] + at[None]) / 8)
    coarser = torch.where(torch.arange(3, device=draws.device) == 0, 1.0, 2.0)
    steps = steps * coarser[:, None, None, None, None]
    found = ((cosines @ blocks @ cosines.T) / steps).round() * steps
    grey, first, second = (
        (cosines.T @ found @ cosines).transpose(3, 4).reshape(n, 3, height, width).split(1, dim=1)
    )
    return torch.cat([grey + first, grey + second, grey - first - second], dim=1).clamp(0, 1)
