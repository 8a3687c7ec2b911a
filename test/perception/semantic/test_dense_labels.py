# SPDX-License-Identifier: Apache-2.0
"""A GPU's way to a label map says what the CPU's says. It runs on a CPU, too."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.perception.semantic import dense_labels
from tips_ros.perception.semantic.dense_labels import dense_label_map
from tips_ros.perception.semantic.segmentation import label_map_at

SIZES = [(32, 32), (48, 64), (33, 17), (200, 31), (1, 1), (5, 100)]


def logits(k: int = 20, batch: int = 2) -> Tensor:
    """Regions with borders between them."""
    generator = torch.Generator().manual_seed(8)
    coarse = torch.randn(batch, k, 6, 6, generator=generator) * 3
    return F.interpolate(coarse, size=(24, 32), mode="bicubic")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("elements", [1, 20_000, 10**9], ids=["one by one", "groups", "all"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
def test_labels_and_confidence_are_those_of_the_cpu_s_way(
    size: tuple[int, int],
    elements: int,
    layout: torch.memory_format,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(dense_labels, "_GROUP_ELEMENTS", elements)
    x = logits().contiguous(memory_format=layout)
    found, expected = dense_label_map(x, size), label_map_at(x, size)
    full = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
    best = full.topk(2, dim=1).values
    clear = best[:, 0] - best[:, 1] > 1e-4  # of rounding errors
    assert clear.float().mean() > 0.99
    assert torch.equal(found.labels[clear], expected.labels[clear])
    apart = (found.confidence[clear].int() - expected.confidence[clear].int()).abs()
    assert apart.max() <= 1, "rounded to whole numbers"
    assert found.labels.dtype == found.confidence.dtype == torch.uint8


def test_of_equal_logits_the_first_wins():
    x = torch.zeros(1, 5, 4, 4)
    x[:, 3:] = 1.0
    assert (dense_label_map(x, (9, 7)).labels == 3).all()


def test_of_equal_logits_the_first_wins_in_groups_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dense_labels, "_GROUP_ELEMENTS", 1)
    test_of_equal_logits_the_first_wins()


def test_a_single_class_is_certain():
    found = dense_label_map(torch.randn(1, 1, 4, 4), (6, 6))
    assert (found.labels == 0).all() and (found.confidence == 255).all()


def test_the_logits_are_left_as_they_were():
    x = logits()
    before = x.clone()
    dense_label_map(x, (40, 50))
    assert torch.equal(x, before)
