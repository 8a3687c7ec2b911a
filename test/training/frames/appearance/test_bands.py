# SPDX-License-Identifier: Apache-2.0
"""Detail is changed size by size; what is large in a picture stays where it is."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from training.frames.appearance import bands
from training.frames.appearance.bands import banded
from training.frames.appearance.draws import Draws

CPU = torch.device("cpu")
COUNT = 40


def _draws(seed: int = 0) -> Draws:
    return Draws(COUNT, CPU, torch.Generator().manual_seed(seed))


def _pictures(side: int = 224) -> Tensor:
    """Fine stripes on a left half that is darker than the right one."""
    column = torch.arange(side)
    line = 0.35 + 0.3 * (column >= side // 2) + 0.1 * (column % 2)
    return line.expand(COUNT, 3, side, side).clone()


def _stripes(pictures: Tensor) -> Tensor:
    """(N,) how strong the stripes are, without the edge in the middle."""
    half = pictures[..., : pictures.shape[-1] // 2 - 16]
    return (half[..., ::2].mean(dim=(1, 2, 3)) - half[..., 1::2].mean(dim=(1, 2, 3))).abs()


def test_some_pictures_lose_their_detail_some_gain_some_stay():
    stripes = _stripes(banded(_pictures(), _draws())) / 0.1
    assert (stripes < 0.5).sum() >= 5
    assert (stripes > 1.2).sum() >= 3
    assert ((stripes - 1).abs() < 1e-4).sum() >= 0.25 * COUNT


@pytest.mark.parametrize("side", [112, 168, 224])
def test_what_is_large_stays(side: int):
    before, after = _pictures(side), banded(_pictures(side), _draws())
    coarse = [F.avg_pool2d(x.mean(dim=1, keepdim=True), side // 2) for x in (before, after)]
    assert (coarse[1] - coarse[0]).abs().max() < 0.08
    assert after.shape == before.shape and after.min() >= 0 and after.max() <= 1


def test_noise_is_as_strong_as_the_detail_that_it_is_added_to(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bands, "_FOREIGN", 1.0)
    assert torch.equal(banded(torch.full((COUNT, 3, 224, 224), 0.4), _draws()),
                       torch.full((COUNT, 3, 224, 224), 0.4))  # fmt: skip
    changed = banded(_pictures(), _draws()) - _pictures()
    assert (changed.std(dim=(1, 2, 3)) > 0.01).sum() > 0.4 * COUNT
