# SPDX-License-Identifier: Apache-2.0
"""Bounds that an engine's answers must keep to be trusted."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch

from tips_ros.model.engines import check_parity
from tips_ros.model.engines.parity import parity_image
from tips_ros.model.tips import Tips

SIZE = (56, 70)


ALL = pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16, torch.int8], ids=str)


@ALL
def test_the_same_model_is_trusted(tiny_tips: Tips, precision: torch.dtype):
    assert check_parity(copy.deepcopy(tiny_tips), tiny_tips, SIZE, precision).passed


@pytest.mark.slow
@ALL
@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["depth", "normals", "segmentation"])
def test_what_is_no_number_is_not_trusted(
    tiny_tips: Tips, name: str, precision: torch.dtype, value: float
):
    wrong = copy.deepcopy(tiny_tips)
    getattr(wrong, name).head.weight.data[0] = value
    verdict = check_parity(wrong, tiny_tips, SIZE, precision)
    assert not verdict.passed and verdict.reason.startswith(f"{name}: no finite numbers, beyond")
    assert "nan" not in verdict.reason and "inf" not in verdict.reason.replace("infinite", "")
    damaged = check_parity(tiny_tips, wrong, SIZE, precision)
    assert not damaged.passed and "even in fp32; the weights are damaged" in damaged.reason


@pytest.mark.parametrize("name", ["depth", "normals", "segmentation", "value features"])
def test_the_bound_of_each_output_is_felt(tiny_tips: Tips, name: str):
    """A weight that changed is seen, by the bounds of fp32 and by the wider ones."""
    wrong = copy.deepcopy(tiny_tips)
    with torch.no_grad():
        if name == "value features":
            weight = wrong.backbone.blocks[-1].attn.qkv.weight  # type: ignore[union-attr]
            weight[2 * len(weight) // 3 :] *= -1
        else:
            head = getattr(wrong, name).head
            head.weight.copy_(head.weight.roll(1, 0) * 1.5)
    for precision in (torch.float32, torch.bfloat16):
        verdict = check_parity(wrong, tiny_tips, SIZE, precision)
        assert not verdict.passed and "bound" in verdict.reason
    if name != "value features":
        assert name in verdict.reason


def test_a_graph_that_ignores_its_input_is_found_out(tiny_tips: Tips):
    """As one is that was exported with what it saw then as a constant."""
    wrong = copy.deepcopy(tiny_tips)
    wrong.backbone.patch_embed.proj.weight.data.zero_()
    assert not check_parity(wrong, tiny_tips, SIZE, torch.bfloat16).passed


def turned(tips: Tips, degrees: float) -> Tips:
    """The same with normals that are so far off."""
    other = copy.deepcopy(tips)
    head = other.normals.head  # type: ignore[union-attr]
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    about_x = torch.tensor([[1, 0, 0], [0, c, -s], [0, s, c]])
    with torch.no_grad():
        head.weight.copy_(torch.einsum("ij,jchw->ichw", about_x, head.weight))
        head.bias.copy_(about_x @ head.bias)
    return other


def test_int8_may_use_four_fifths_of_a_bound(tiny_tips: Tips):
    near, far = turned(tiny_tips, 1.4), turned(tiny_tips, 1.9)
    assert check_parity(near, tiny_tips, SIZE, torch.int8).passed
    assert check_parity(far, tiny_tips, SIZE, torch.bfloat16).passed
    verdict = check_parity(far, tiny_tips, SIZE, torch.int8)
    assert not verdict.passed
    assert "normals: off by 1" in verdict.reason and "bound 2°" in verdict.reason
    assert verdict.reason.endswith("of which int8 may use 80%")


def test_int8_is_shown_a_second_picture(tiny_tips: Tips):
    """What is wrong with other pictures than the first is seen in int8."""
    wrong, first = copy.deepcopy(tiny_tips), parity_image(SIZE)

    def blind(_: object, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
        images, *others = inputs
        return None if torch.equal(images, first) else (torch.zeros_like(images), *others)

    wrong.backbone.register_forward_pre_hook(blind)
    assert check_parity(wrong, tiny_tips, SIZE, torch.bfloat16).passed
    assert not check_parity(wrong, tiny_tips, SIZE, torch.int8).passed


def test_the_picture_is_always_the_same_and_one_of_its_kind():
    picture = parity_image(SIZE)
    assert picture.shape == (1, 3, *SIZE) and torch.equal(picture, parity_image(SIZE))
    assert picture.min() >= 0 and picture.max() <= 1 and picture.std() > 0.1


def test_without_heads_the_features_are_compared(tiny_tips: Tips):
    bare = Tips(tiny_tips.backbone, ())
    assert check_parity(bare, bare, SIZE, torch.float32).passed
