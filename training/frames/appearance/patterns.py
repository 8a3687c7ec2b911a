# SPDX-License-Identifier: Apache-2.0
"""Patterns in three dimensions: stripes, checks, bricks, tiles with joints, marble, or nothing.

A pattern is made of waves along three axes, which are those of the frame's rotation; a surface cuts
through it, and so a pattern follows a surface into the distance as a real one does.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.frames.appearance.draws import Draws
from training.frames.appearance.scene import Scene

FIELDS = 14  # numbers of a pattern: see `drawn_patterns`


def drawn_patterns(draws: Draws, count: int) -> Tensor:
    """(N, FIELDS, count) numbers of so many patterns for each frame.

    They are: cycles per metre and phase along the three axes; the most cycles; how hard the waves'
    edges are, what is added to them, and how much they show; how much each cell differs; darkness
    and width of the joints; how much rows are shifted.
    """
    cycles = draws.log_uniform(0.7, 14, 1, count) * (0.5 * draws.normal(3, count)).exp()
    used = draws.sometimes(0.55, 3, count)
    cycles = (cycles * used).clamp_max(30)
    phase = torch.where(used > 0, draws.uniform(0, 1, 3, count), 0.25)  # whose sine is 1
    joints = draws.sometimes(0.3, 1, count) * draws.uniform(-0.3, 0.6, 1, count)
    numbers = [
        cycles,
        phase,
        cycles.amax(dim=1, keepdim=True),
        draws.log_uniform(0.5, 12, 1, count),
        0.4 * draws.normal(1, count),
        draws.sometimes(0.55, 1, count) * draws.uniform(0.15, 1, 1, count),
        draws.sometimes(0.35, 1, count) * draws.uniform(0, 0.35, 1, count),
        joints,
        draws.log_uniform(0.02, 0.12, 1, count),
        0.5 * draws.sometimes(0.4, 1, count),
    ]
    return torch.cat(numbers, dim=1)


def pattern(scene: Scene, numbers: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    """Each pixel's place in its pattern.

    Args:
        scene: of N pictures.
        numbers: (N, FIELDS, S, S) of the pattern at each pixel.
        draws: of the N.

    Returns:
        Two (N, 1, S, S): share of the second colour, and a factor on the brightness.
    """
    n, _, side, _ = scene.points.shape
    places = (draws.rotations(upright=0.6) @ scene.points.flatten(2)).view(n, 3, side, side)
    bent = draws.sometimes(0.4, 1, 1, 1) * draws.uniform(0.01, 0.2, 1, 1, 1)
    waves = draws.log_uniform(1.5, 12, 3, 1, 1) * places.roll(1, dims=1)
    places = places + bent * (waves + draws.uniform(0, 6.2832, 3, 1, 1)).sin()
    size = numbers.shape[-2:]
    at = F.interpolate(places, size=size, mode="bilinear")
    at = torch.addcmul(numbers[:, 3:6], at, numbers[:, :3])
    most, hard, more, shows, differs, dark, wide, shifted = numbers[:, 6:].split(1, dim=1)
    at[:, :1].addcmul_(shifted, at[:, 1:2].floor())
    cells = at.floor()
    # Where a pixel sees half a wave or more, nothing of it is left.
    footprint = F.interpolate(scene.footprint_m, size=size, mode="nearest")
    fine = (2 - 4 * most * footprint).clamp_(0, 1)
    x, y, z = cells.split(1, dim=1)
    cell = torch.add(x * 12.9898, y, alpha=78.233).add_(z, alpha=37.719).sin_()
    differing = 2 * torch.frac(cell.abs_() * 437.585) - 1
    within = at - cells
    edge = torch.maximum(within.amax(dim=1, keepdim=True), 1 - within.amin(dim=1, keepdim=True))
    joint = ((2 * edge - 2 + wide) / wide).clamp_(0, 1)  # the edge of a cell is at 1
    # Only axes that are used make a wave: of another the sine is 1.
    wave = at.mul_(6.2832).sin_().prod(dim=1, keepdim=True)
    blend = 0.5 + 0.5 * shows * fine * (hard * (wave + more)).tanh()
    return blend, (1 + fine * (differs * differing - dark * joint)).clamp_(0.1, 2)
