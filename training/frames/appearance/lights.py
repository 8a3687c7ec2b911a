# SPDX-License-Identifier: Apache-2.0
"""Other light: lamps, shadows, uneven light, dark corners, windows that are too bright."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.frames.appearance.draws import Draws
from training.frames.appearance.scene import Scene
from training.network.architecture import CLASSES

_WINDOW = list(CLASSES.values()).index("windowpane")


def lit(images: Tensor, scene: Scene, draws: Draws) -> Tensor:
    """The pictures (N, 3, S, S) in another light, exposed as a camera would, not limited to 1."""
    size = images.shape[-2:]
    gain = _lamps(scene, draws) * _uneven(size[0] // 2, draws) * _shadows(scene, draws)
    # Softened, as truth is coarser than the picture: its steps would tell where things end.
    gain = F.avg_pool2d(gain, 3, 1, 1, count_include_pad=False)
    made = images * F.interpolate(gain, size=size, mode="bilinear")
    old = images.mean(dim=(1, 2, 3), keepdim=True).clamp(0.22, 0.65)
    exposed = old / made.mean(dim=(1, 2, 3), keepdim=True).clamp_min(0.02)
    exposed = (exposed * (0.15 * draws.normal(1, 1, 1)).exp()).clamp(0.3, 4)
    window = (scene.classes[:, None, ::2, ::2] == _WINDOW).float()
    burnt = draws.sometimes(0.3, 1, 1, 1) * draws.uniform(0.3, 1.2, 1, 1, 1)
    near = F.avg_pool2d(window, 3, 1, 1)
    around = F.avg_pool2d(F.avg_pool2d(window, 4), 5, 1, 2)
    around = F.interpolate(around, size=near.shape[-2:], mode="bilinear")
    glare = F.interpolate(burnt * (near + 0.35 * around), size=size, mode="bilinear")
    return torch.addcmul(glare, made, exposed)


def _lamps(scene: Scene, draws: Draws) -> Tensor:
    """(N, 3, S, S) a light from one direction, and one at a place, in colours of their own."""
    shape = scene.points.shape
    points, normals = scene.points.flatten(2), scene.normals.flatten(2)
    faced = (draws.directions(1) @ normals).clamp_min(0)
    # A lamp hangs before something that the picture shows.
    target = _some_point(scene, draws)
    lamp = target * draws.uniform(0.2, 1, 1, 1) + draws.uniform(0.2, 0.8, 1, 1) * draws.normal(3, 1)
    away = (points - lamp).square().sum(dim=1, keepdim=True)
    near = 1 / (1 + away / draws.log_uniform(0.4, 3, 1, 1).square())
    amounts = draws.sometimes(0.6, 1, 2) * draws.uniform(0.1, 1.4, 1, 2)
    tints = (0.13 * draws.normal(3, 2)).exp() * amounts  # (N, 3, 2)
    light = tints @ torch.cat([faced, near], dim=1)
    # What the lamps add is taken from the light that is everywhere.
    return (light + 1 / (1 + 0.6 * amounts.sum(dim=2, keepdim=True))).view(shape)


def _some_point(scene: Scene, draws: Draws) -> Tensor:
    """(N, 3, 1) the point that a pixel by chance sees."""
    points = scene.points.flatten(2)
    which = (draws.uniform(0, 1, 1, 1) * points.shape[2]).long().clamp_max(points.shape[2] - 1)
    return points.gather(2, which.expand(-1, 3, -1))


def _uneven(side: int, draws: Draws) -> Tensor:
    """(N, 3, S, S) light that changes across the picture, and dark corners."""
    amount = draws.sometimes(0.6, 1, 1, 1) * draws.uniform(0.05, 0.35, 1, 1, 1)
    coarse = amount * (draws.normal(1, 4, 4) + 0.3 * draws.normal(3, 4, 4))
    field = F.interpolate(coarse.exp(), size=(side, side), mode="bilinear")
    at = (torch.arange(side, device=draws.device) + 0.5) / side - 0.5
    corners = 2 * (at.square()[:, None] + at.square()[None])  # 1 in the corners
    dark = draws.sometimes(0.25, 1, 1, 1) * draws.uniform(0.15, 0.8, 1, 1, 1)
    return field * (1 - dark * corners)


def _shadows(scene: Scene, draws: Draws) -> Tensor:
    """(N, 1, S, S) what is beyond a plane is darker, and what is in bands, as blinds cast them."""
    points = scene.points - _some_point(scene, draws)[..., None]
    ways = draws.directions(2) @ points.flatten(2)
    plane, bands = ways.view(len(points), 2, *points.shape[2:]).split(1, dim=1)
    soft = draws.log_uniform(0.02, 0.4, 1, 1, 1)
    amounts = draws.uniform(0.15, 0.65, 2, 1, 1)
    beyond = draws.sometimes(0.35, 1, 1, 1) * amounts[:, :1] * torch.sigmoid(plane / soft)
    wave = (bands * draws.log_uniform(1.5, 30, 1, 1, 1)).sin() + draws.uniform(-0.6, 0.6, 1, 1, 1)
    hard = draws.log_uniform(2, 12, 1, 1, 1)
    between = draws.sometimes(0.15, 1, 1, 1) * amounts[:, 1:] * torch.sigmoid(hard * wave)
    return (1 - beyond) * (1 - between)
