# SPDX-License-Identifier: Apache-2.0
"""Labels are those of full-size logits without making them; confidence is their margin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tips_ros.model.tips import Tips
from tips_ros.perception.semantic import segmentation
from tips_ros.perception.semantic.segmentation import label_map_at

SIZES = [(32, 32), (48, 64), (56, 90), (33, 17), (200, 31), (1, 1), (5, 100)]


def logits(k: int = 20, h: int = 32, w: int = 32, batch: int = 1, scale: float = 3.0) -> Tensor:
    generator = torch.Generator().manual_seed(8)
    return torch.randn(batch, k, h, w, generator=generator) * scale


def plain(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Logits at the full size."""
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


@pytest.mark.parametrize("case", [0, 1])
def test_labels_are_the_reference_s(golden: Any, tiny_tips: Tips, case: int):
    arrays = golden("dpt/expected.npz")
    with torch.inference_mode():
        native = tiny_tips(torch.from_numpy(arrays[f"case{case}/image"]), ["segmentation"])
    assert native.segmentation is not None
    expected = arrays[f"case{case}/segmentation/full"]
    labels = label_map_at(native.segmentation, expected.shape[1:]).labels
    assert labels.dtype == torch.uint8
    np.testing.assert_array_equal(labels.numpy(), expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("chunk", [300, 5_000, 10**9], ids=["few", "some", "all"])
def test_labels_are_those_of_upsampled_logits(
    size: tuple[int, int], chunk: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(segmentation, "_CHUNK_ELEMENTS", chunk)
    x = logits(batch=2)
    full = plain(x, size)
    labels = label_map_at(x, size).labels
    # Two best logits that agree to rounding errors may change places.
    best = full.topk(2, dim=1).values
    clear = best[:, 0] - best[:, 1] > 1e-5
    assert clear.float().mean() > 0.99
    assert torch.equal(labels[clear], full.argmax(dim=1)[clear].to(torch.uint8))


@pytest.mark.parametrize("size", SIZES)
def test_confidence_is_the_label_s_upsampled_margin_over_the_best_other(size: tuple[int, int]):
    x = logits(batch=2)
    labels, confidence = label_map_at(x, size)
    p = x.softmax(dim=1)
    margins = []  # of each class at the head's resolution: how far it is ahead of all others
    for k in range(x.shape[1]):
        others = torch.cat([p[:, :k], p[:, k + 1 :]], dim=1).amax(dim=1)
        margins.append(p[:, k] - others)
    upsampled = plain(torch.stack(margins, dim=1), size).clamp_min(0) * 255
    expected = upsampled.gather(1, labels[:, None].long())[:, 0]
    assert (confidence.float() - expected).abs().max() <= 0.5 + 1e-2  # rounded to whole numbers


@pytest.mark.parametrize("size", SIZES)
def test_regions_and_borders_are_those_of_all_logits_and_margins_at_full_size(
    size: tuple[int, int],
):
    """Regions are filled without looking at logits, borders are not: they must fit together."""
    x = F.interpolate(logits(h=6, w=6, batch=2), size=(32, 32), mode="bicubic")
    labels, confidence = label_map_at(x.contiguous(memory_format=torch.channels_last), size)
    full = plain(x.double(), size)
    best = full.topk(2, dim=1).values
    clear = best[:, 0] - best[:, 1] > 1e-5
    assert torch.equal(labels[clear], full.argmax(dim=1)[clear].to(torch.uint8))
    two, of = x.double().softmax(dim=1).topk(2, dim=1)
    p = x.double().softmax(dim=1)
    margins = (p - two[:, :1]).scatter(1, of[:, :1], two[:, :1] - two[:, 1:])
    expected = plain(margins, size).gather(1, labels[:, None].long())[:, 0].clamp(0, 1) * 255
    assert (confidence - expected).abs().max() < 0.5 + 1e-3  # rounded to whole numbers


def test_the_logits_given_stay_as_they_are():
    x = logits(k=5).contiguous(memory_format=torch.channels_last)
    before = x.clone()
    label_map_at(x, (50, 70))
    assert torch.equal(x, before)


def test_at_the_border_of_two_sure_regions_confidence_falls_to_nothing():
    x = torch.full((1, 2, 4, 8), 0.0)
    x[:, 0, :, :4] = x[:, 1, :, 4:] = 20.0
    confidence = label_map_at(x, (4, 80)).confidence
    assert confidence[..., 39:41].max() < 30
    assert confidence[..., :30].min() == confidence[..., 50:].min() == 255


def test_confidence_at_the_head_s_own_pixels_is_the_margin_of_the_softmax():
    x = logits(k=150, h=24, w=40)
    best = x.softmax(dim=1).topk(2, dim=1).values
    true = ((best[:, 0] - best[:, 1]) * 255).round()
    assert (label_map_at(x, (24, 40)).confidence.float() - true).abs().max() <= 1


def test_confidence_tells_a_sure_pixel_from_a_guess():
    x = torch.zeros(1, 10, 8, 16)
    x[:, 3, :, 8:] = 20.0
    labels, confidence = label_map_at(x, (8, 16))
    assert (labels[..., 8:] == 3).all() and (confidence[..., 8:] == 255).all()
    assert (confidence[..., :8] == 0).all()


def test_one_class_alone_is_certain():
    labels, confidence = label_map_at(torch.randn(1, 1, 4, 4), (9, 9))
    assert (labels == 0).all() and (confidence == 255).all()


def test_the_last_of_255_classes_is_a_label_too():
    x = torch.zeros(1, 255, 4, 4)
    x[:, 254] = 5.0
    assert (label_map_at(x, (6, 6)).labels == 254).all()


def test_huge_logits_do_not_overflow():
    assert (label_map_at(logits(scale=1e30), (32, 32)).confidence == 255).all()


def test_bf16_logits_are_compared_in_fp32():
    x = logits().to(torch.bfloat16)
    expected = label_map_at(x.float(), (50, 50))
    actual = label_map_at(x, (50, 50))
    assert torch.equal(actual.labels, expected.labels)
    assert torch.equal(actual.confidence, expected.confidence)
