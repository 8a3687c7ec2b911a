# SPDX-License-Identifier: Apache-2.0
"""The encoder with fewer steps says what the plain one says."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from tips_ros.model.fast.gpu.backbone import (
    GpuVisionTransformer,
    MatrixPatchEmbed,
    fuse_backbone,
)
from tips_ros.model.tips import Tips


@torch.no_grad()
@pytest.mark.parametrize("size", [(56, 56), (28, 70)], ids=str)
def test_it_says_what_the_plain_one_says(tiny_tips: Tips, size: tuple[int, int]):
    for number, gamma in enumerate(
        p for name, p in tiny_tips.backbone.named_parameters() if name.endswith("gamma")
    ):
        gamma.copy_(torch.linspace(0.1, 1.5 + number, len(gamma)))
    fused = fuse_backbone(tiny_tips.backbone)
    images = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1))
    for _ in range(2):  # the second time positions are known
        found, expected = (
            one(images, (0, 1, 2, 3), value_features=True) for one in (fused, tiny_tips.backbone)
        )
        for layer, true in zip(found.layers, expected.layers, strict=True):
            torch.testing.assert_close(layer.patch_tokens, true.patch_tokens, atol=1e-4, rtol=1e-4)
        for name in ("cls_token", "second_cls_token", "patch_tokens", "value_features"):
            pair = getattr(found, name), getattr(expected, name)
            torch.testing.assert_close(*pair, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_positions_are_resampled_once_for_a_grid_and_follow_the_weights_to_another_type(
    tiny_tips: Tips, monkeypatch: pytest.MonkeyPatch
):
    fused = fuse_backbone(tiny_tips.backbone)
    assert isinstance(fused, GpuVisionTransformer)
    resampled: list[int] = []
    interpolate = torch.nn.functional.interpolate

    def counted(*args: Any, **options: Any) -> torch.Tensor:
        resampled.append(1)
        return interpolate(*args, **options)

    monkeypatch.setattr(torch.nn.functional, "interpolate", counted)
    images = torch.rand(1, 3, 28, 70)
    for _ in range(3):
        fused(images)
    assert len(resampled) == 1
    lower = copy.deepcopy(fused).to(torch.bfloat16)
    assert lower(images.bfloat16()).patch_tokens.dtype == torch.bfloat16


@pytest.mark.parametrize("to", [torch.bfloat16, torch.float64, torch.device("meta")], ids=str)
def test_the_matrix_of_the_patches_moves_with_the_module_and_is_not_saved(
    tiny_tips: Tips, to: torch.dtype | torch.device
):
    fused = fuse_backbone(tiny_tips.backbone)
    assert fused.state_dict().keys() == tiny_tips.backbone.state_dict().keys()
    assert not list(tiny_tips.backbone.buffers())
    patches = fused.patch_embed.to(to)
    assert isinstance(patches, MatrixPatchEmbed)
    assert to in (patches.matrix.dtype, patches.matrix.device)
    assert not patches.matrix.requires_grad
