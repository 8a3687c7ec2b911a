# SPDX-License-Identifier: Apache-2.0
"""A model with engines is called as any other, and runs what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tips_ros.model.engines.engine_model import build_engine_model
from tips_ros.model.tips import HEAD_NAMES, Tips


@pytest.mark.parametrize("count", [1, 2])
def test_parts_put_together_say_what_the_model_says(
    tiny_tips: Tips, counted: Any, images: Callable[..., Tensor], assert_alike: Any, count: int
):
    engines, calls = counted(tiny_tips)
    assert_alike(build_engine_model(tiny_tips, engines, (56, 56)), tiny_tips, images(count))
    assert calls == dict.fromkeys(("backbone", "values", *HEAD_NAMES), count)


@pytest.mark.slow
@pytest.mark.parametrize("relu", [True, False])
def test_depth_is_that_of_either_release(
    tiny_tips: Tips, counted: Any, images: Callable[..., Tensor], assert_alike: Any, relu: bool
):
    assert tiny_tips.depth is not None
    bins = tiny_tips.depth.bins
    tiny_tips.depth.bins = type(bins)(bins.min_m, bins.max_m, relu_after_project=relu)
    engines, _ = counted(tiny_tips)
    assert_alike(build_engine_model(tiny_tips, engines, (56, 56)), tiny_tips, images())


@pytest.mark.slow
@pytest.mark.parametrize("heads", [(), ("depth",), ("normals", "segmentation")], ids=str)
@pytest.mark.parametrize("values", [True, False])
def test_what_nobody_asked_for_is_not_run(
    tiny_tips: Tips, counted: Any, images: Callable[..., Tensor], heads: tuple, values: bool
):
    engines, calls = counted(tiny_tips)
    with torch.inference_mode():
        build_engine_model(tiny_tips, engines, (56, 56)).forward_features(
            images(), heads, value_features=values
        )
    assert calls == dict.fromkeys(["backbone", *heads, *["values"] * values], 1)


@pytest.mark.parametrize("size", [(70, 56), (28, 28)], ids=str)
def test_an_image_of_another_size_is_torch_s(
    tiny_tips: Tips,
    counted: Any,
    images: Callable[..., Tensor],
    assert_alike: Any,
    size: tuple[int, int],
):
    engines, calls = counted(tiny_tips)
    assert_alike(build_engine_model(tiny_tips, engines, (56, 56)), tiny_tips, images(1, size))
    assert not calls


def test_a_layer_that_no_graph_has_is_torch_s(tiny_tips: Tips, counted: Any, images: Any):
    few = Tips(tiny_tips.backbone, (1, 1, 2, 3), normals=tiny_tips.normals)
    engines, calls = counted(few)
    model = build_engine_model(few, engines, (56, 56))
    with torch.inference_mode():
        of_graph = model.forward_features(images(), ["normals"]).maps.normals
        assert calls == {"backbone": 1, "normals": 1}
        (other,) = model.backbone(images(), (0,)).layers
        (expected,) = tiny_tips.backbone(images(), (0,)).layers
        true = few.forward_features(images(), ["normals"]).maps.normals
    assert calls["backbone"] == 1
    assert torch.equal(other.patch_tokens, expected.patch_tokens)
    torch.testing.assert_close(of_graph, true, rtol=1e-4, atol=1e-4)


def test_a_head_that_is_not_there_is_told_as_ever(tiny_tips: Tips, counted: Any, images: Any):
    tiny_tips.normals = None
    engines, _ = counted(tiny_tips)
    model = build_engine_model(tiny_tips, engines, (56, 56))
    assert model.head_names == ("depth", "segmentation")
    with pytest.raises(ValueError, match="no normals head"):
        model(images(), ["normals"])
