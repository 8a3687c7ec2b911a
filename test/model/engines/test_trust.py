# SPDX-License-Identifier: Apache-2.0
"""What is trusted, and what is not."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from tips_ros.model.engines import trusted
from tips_ros.model.engines.trust import fixed_picture
from tips_ros.model.tips import Tips

SIZE = (56, 70)


@pytest.mark.parametrize("exact", [True, False])
def test_the_same_model_is_trusted(tiny_tips: Tips, exact: bool):
    assert trusted(copy.deepcopy(tiny_tips), tiny_tips, SIZE, exact).trusted


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["depth", "normals", "segmentation"])
def test_what_is_no_number_is_not_trusted(tiny_tips: Tips, name: str, exact: bool, value: float):
    wrong = copy.deepcopy(tiny_tips)
    getattr(wrong, name).head.weight.data[0] = value
    verdict = trusted(wrong, tiny_tips, SIZE, exact)
    assert not verdict.trusted and name in verdict.reason


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
    for exact in (True, False):
        verdict = trusted(wrong, tiny_tips, SIZE, exact)
        assert not verdict.trusted and "bound" in verdict.reason
    if name != "value features":
        assert name in verdict.reason


def test_a_graph_that_ignores_its_input_is_found_out(tiny_tips: Tips):
    """As one is that was exported with what it saw then as a constant."""
    wrong = copy.deepcopy(tiny_tips)
    wrong.backbone.patch_embed.proj.weight.data.zero_()
    assert not trusted(wrong, tiny_tips, SIZE, exact=False).trusted


def test_the_picture_is_always_the_same_and_one_of_its_kind():
    picture = fixed_picture(SIZE)
    assert picture.shape == (1, 3, *SIZE) and torch.equal(picture, fixed_picture(SIZE))
    assert picture.min() >= 0 and picture.max() <= 1 and picture.std() > 0.1


def test_without_heads_the_features_are_compared(tiny_tips: Tips):
    bare = Tips(tiny_tips.backbone, ())
    assert trusted(bare, bare, SIZE, exact=True).trusted
