# SPDX-License-Identifier: Apache-2.0
"""Cells of some pictures show something else, and all the rest is as it was."""

from __future__ import annotations

import pytest
import torch

from training.frames.appearance.draws import Draws
from training.frames.appearance.gaps import hidden

CPU = torch.device("cpu")
COUNT = 60


@pytest.mark.parametrize("side", [112, 168, 224])
def test_a_part_of_some_pictures_is_hidden(side: int):
    generator = torch.Generator().manual_seed(3)
    pictures = torch.rand(COUNT, 3, side, side, generator=generator)
    after = hidden(pictures, Draws(COUNT, CPU, generator))
    gone = (after != pictures).any(dim=1).float().mean(dim=(1, 2))
    assert 0.25 < (gone > 0).float().mean() < 0.55
    assert 0.15 < gone[gone > 0].mean() < 0.45 and gone.max() < 0.85


def test_a_gap_is_of_one_colour_or_shows_the_picture_before():
    pictures = torch.linspace(0.1, 0.9, COUNT)[:, None, None, None].repeat(1, 3, 224, 224)
    after = hidden(pictures, Draws(COUNT, CPU, torch.Generator().manual_seed(4)))
    others = 0
    for number, (was, now) in enumerate(zip(pictures, after, strict=True)):
        gap = (now != was).any(dim=0)
        if gap.any():
            shown = now[:, gap]
            assert (shown.std(dim=1) < 1e-6).all()
            others += torch.equal(shown[:, 0], pictures[number - 1, :, 0, 0])
    assert 4 < others < 25
