# SPDX-License-Identifier: Apache-2.0
"""Other materials: surfaces get colours and patterns that no room of ours has.

Each class of a frame has its own draw, now and then each of its sides. What the picture says of
light and form, its brightness beside that of the whole surface, is laid over the new colour.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from training.frames.appearance.draws import Draws
from training.frames.appearance.patterns import FIELDS, drawn_patterns, pattern
from training.frames.appearance.scene import UNLABELLED, Scene
from training.network.architecture import CLASSES

_SIDES = 4  # orientations of a class that may look different
_COUNT = (UNLABELLED + 1) * _SIDES
_USUAL, _LARGE, _RARE, _NEVER = 0.5, 0.7, 0.12, 0.0
_SHARES = {"wall": _LARGE, "floor": _LARGE, "ceiling": _USUAL, "cabinet": _LARGE, "sofa": _LARGE,
           "bed": _LARGE, "table": _LARGE, "door": _LARGE, "curtain": _LARGE, "rug": _LARGE,
           "person": _RARE, "plant": _RARE, "lamp": _RARE, "light": _NEVER,
           "windowpane": _NEVER}  # fmt: skip
_TWO_SIDED = ("wall", "cabinet", "box", "shelf")
_NAMES = list(CLASSES.values())
_FLOOR, _RUG = _NAMES.index("floor"), _NAMES.index("rug")


class Habits(NamedTuple):
    """Shares of each class, made once on the device."""

    painted: Tensor  # (UNLABELLED + 1,)
    two_sided: Tensor

    @classmethod
    def on(cls, device: torch.device) -> Habits:
        """Copies them to a device."""
        names = [*_NAMES, "unlabelled"]
        painted = [_SHARES.get(name, _USUAL) for name in names]
        sided = [0.5 if name in _TWO_SIDED else 0.0 for name in names]
        return cls(torch.tensor(painted, device=device), torch.tensor(sided, device=device))


def painted(images: Tensor, scene: Scene, draws: Draws, habits: Habits) -> Tensor:
    """The pictures (N, 3, S, S) with other materials."""
    n, _, side, _ = images.shape
    regions = _regions(scene, draws, habits)
    flat = regions.view(n, 1, side * side)
    table = torch.cat([_colours(draws, habits), drawn_patterns(draws, _COUNT)], dim=1)
    each = table.gather(2, flat.expand(-1, table.shape[1], -1)).view(n, -1, side, side)
    strength, keep, first, second = each[:, :1], each[:, 1:2], each[:, 2:5], each[:, 5:8]
    blend, tone = pattern(scene, each[:, 8 : 8 + FIELDS], draws)
    albedo = torch.lerp(first, second, blend) * tone
    # Truth is coarser than the picture: its edges are softened, or they would tell what is what.
    paint = torch.cat([albedo * strength, strength], dim=1)
    wide = side // 45 + 1  # 5 or 3 px
    paint = F.avg_pool2d(paint, wide, 1, wide // 2, count_include_pad=False)
    old = (1 - paint[:, 3:]) * images
    return torch.addcmul(old, paint[:, :3], _shade(images, regions, keep)).clamp_(0, 1)


def _regions(scene: Scene, draws: Draws, habits: Habits) -> Tensor:
    """(N, S, S) class · _SIDES + orientation, which is 0 where all sides are alike."""
    turn = draws.uniform(0, 6.2832)[:, None, None]
    x, z = scene.normals[:, 0], scene.normals[:, 2]
    one = (x * turn.cos() + z * turn.sin() > 0).float()
    other = (z * turn.cos() - x * turn.sin() > 0).float()
    size = scene.classes.shape[-2:]
    side = F.interpolate((2 * one + other)[:, None], size=size, mode="nearest")[:, 0].long()
    sided = (draws.uniform(0, 1, UNLABELLED + 1) < habits.two_sided).long()
    sided = sided.gather(1, scene.classes.flatten(1)).view_as(scene.classes)
    return scene.classes * _SIDES + side * sided


def _colours(draws: Draws, habits: Habits) -> Tensor:
    """(N, 8, _COUNT): strength, share of the old detail that is kept, two colours."""
    chosen = (draws.uniform(0, 1, UNLABELLED + 1) < habits.painted).float()
    strength = (chosen * draws.uniform(0.7, 1.15, UNLABELLED + 1)).clamp_max(1)
    strength = strength[:, :, None].expand(-1, -1, _SIDES).flatten(1)
    bright = draws.uniform(0.08, 0.95, _COUNT).view(-1, UNLABELLED + 1, _SIDES)
    # A rug on a floor of its own colour would be none.
    rug = torch.frac(bright[:, _FLOOR] + draws.uniform(0.3, 0.7, _SIDES)).clamp_min(0.08)
    bright = torch.cat([bright[:, :_RUG], rug[:, None], bright[:, _RUG + 1 :]], dim=1).flatten(1)
    first = bright[:, None] * _hue(draws)
    related = first * (0.35 * draws.normal(1, _COUNT)).exp() * (1 + 0.1 * draws.normal(3, _COUNT))
    another = draws.uniform(0.05, 0.95, 1, _COUNT) * _hue(draws)
    second = torch.where(draws.sometimes(0.3, 1, _COUNT) > 0, another, related)
    keep = draws.uniform(0, 1, 1, _COUNT)
    return torch.cat([strength[:, None], keep, first.clamp(0.02, 1), second.clamp(0.02, 1)], dim=1)


def _hue(draws: Draws) -> Tensor:
    """(N, 3, _COUNT) colours of brightness 1: most are pale, some are strong."""
    drawn = draws.normal(3, _COUNT)
    drawn = drawn - drawn.mean(dim=1, keepdim=True)
    return (1 + draws.log_uniform(0.03, 0.5, 1, _COUNT) * drawn).clamp_min(0.05)


def _shade(images: Tensor, regions: Tensor, keep: Tensor) -> Tensor:
    """(N, 1, S, S) brightness beside the mean of the same surface, at the frame's light."""
    light = images.mean(dim=1, keepdim=True).clamp_min(0.01)
    coarse, few = F.avg_pool2d(light, 4), regions[:, 2::4, 2::4].flatten(1)
    whole = coarse.mean(dim=(2, 3))  # (N, 1)
    empty = torch.zeros(len(images), _COUNT, device=images.device)
    total = empty.scatter_add(1, few, coarse.flatten(1)) + whole
    mean = total / (empty.scatter_add(1, few, torch.ones_like(coarse).flatten(1)) + 1)
    relative = (coarse / mean.gather(1, few).view_as(coarse)).clamp(0.25, 3)
    smooth = F.avg_pool2d(relative, 5, 1, 2, count_include_pad=False)
    smooth = F.interpolate(smooth, size=light.shape[-2:], mode="bilinear")
    own = light / mean.gather(1, regions.flatten(1)).view_as(light)
    # At a surface's edge a pixel of the picture may show what is beside it.
    numbers = regions[:, None].float()
    whole_around = F.max_pool2d(numbers, 5, 1, 2) == -F.max_pool2d(-numbers, 5, 1, 2)
    detail = (own / smooth).clamp(0.2, 4) ** (keep * whole_around)
    level = (whole / 0.45).clamp(0.15, 1.6) ** 0.7
    return (smooth * detail).clamp(0.1, 2.5) * level[:, :, None, None]
