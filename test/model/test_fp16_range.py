# SPDX-License-Identifier: Apache-2.0
"""Heads whose maps fp16 can't hold say the same after they were scaled, and stay finite."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.engines.model_graphs import model_graphs
from tips_ros.model.engines.parity import parity_image
from tips_ros.model.fast import rewrite_heads
from tips_ros.model.fp16_range import fit_into_fp16, scale_maps
from tips_ros.model.tips import HEAD_NAMES, Tips
from tips_ros.perception.loading.load import load_model

SIZE = (56, 56)
RELU = pytest.mark.parametrize("relu", [True, False], ids=["relu", "no-relu"])


def magnified(tips: Tips, relu: bool, factor: float = 2.0**20) -> Tips:
    """The model with heads that say the same in numbers that fp16 can't hold."""
    assert tips.depth is not None
    tips.depth.bins = DepthBins(relu_after_project=relu)
    large = copy.deepcopy(tips)
    for name in HEAD_NAMES:
        scale_maps(getattr(large, name), -round(torch.tensor(factor).log2().item()))
    return large


def all_said(tips: Tips, images: Tensor) -> dict[str, Tensor]:
    with torch.inference_mode():
        maps = tips.forward_features(images, HEAD_NAMES, evidence=True).maps
    assert maps.normals is not None
    said = {name: map_ for name, map_ in maps._asdict().items() if map_ is not None}
    return {**said, "normals": F.normalize(maps.normals.float(), dim=1)}


def largest_in(tips: Tips, images: Tensor) -> float:
    """Of all that the layers of the heads make."""
    seen = [0.0]
    for name in HEAD_NAMES:
        for part in getattr(tips, name).modules():
            if not isinstance(part, nn.ModuleList) and not list(part.children()):
                part.register_forward_hook(lambda _m, _i, o: seen.append(float(o.abs().max())))
    all_said(tips, images)
    return max(seen)


@pytest.mark.slow
@RELU
@pytest.mark.parametrize("shift", [1, 7, 20])
def test_scaled_maps_say_the_same_to_the_last_digit(tiny_tips: Tips, relu: bool, shift: int):
    assert tiny_tips.depth is not None
    tiny_tips.depth.bins = DepthBins(relu_after_project=relu)
    scaled = copy.deepcopy(tiny_tips)
    for name in HEAD_NAMES:
        scale_maps(getattr(scaled, name), shift)
    images = parity_image(SIZE)
    for form in (lambda tips: tips, rewrite_heads):
        found, expected = all_said(form(scaled), images), all_said(form(tiny_tips), images)
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, rtol=2e-6, atol=1e-6, msg=name)


@RELU
def test_graphs_of_scaled_heads_say_the_same(tiny_tips: Tips, relu: bool):
    large = magnified(tiny_tips, relu, 2.0**8)
    for ours, theirs in zip(
        model_graphs(large, SIZE), model_graphs(tiny_tips, SIZE), strict=True
    ):
        generator = torch.Generator().manual_seed(5)
        given = [torch.rand(one.shape, generator=generator) for one in ours.inputs]
        with torch.inference_mode():
            (found,), (expected,) = ours.module(*given)[-1:], theirs.module(*given)[-1:]
        if ours.name == "normals":
            found, expected = F.normalize(found, dim=-1), F.normalize(expected, dim=-1)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4, msg=ours.name)


@RELU
def test_what_fp16_can_t_hold_is_made_to_fit(tiny_tips: Tips, relu: bool):
    large, images = magnified(tiny_tips, relu), parity_image(SIZE)
    assert largest_in(copy.deepcopy(large), images) > torch.finfo(torch.float16).max
    expected = all_said(tiny_tips, images)
    assert set(fit_into_fp16(large, images)) == set(HEAD_NAMES)
    assert largest_in(copy.deepcopy(large), images) <= 1024
    found = all_said(large, images)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=2e-6, atol=1e-6, msg=name)
    half = all_said(rewrite_heads(large, early=False).half(), images.half())
    for name, value in expected.items():
        assert half[name].isfinite().all()
        assert (half[name].float() - value).abs().max() < 0.05 * value.abs().max(), name


def test_a_model_that_fits_stays_as_it_is(tiny_tips: Tips):
    before = {name: value.clone() for name, value in tiny_tips.state_dict().items()}
    bins = tiny_tips.depth.bins if tiny_tips.depth else None
    assert fit_into_fp16(tiny_tips, parity_image(SIZE)) == {}
    assert all(torch.equal(v, before[name]) for name, v in tiny_tips.state_dict().items())
    assert tiny_tips.depth is not None and tiny_tips.depth.bins == bins


@pytest.mark.slow
def test_the_demo_model_fits():
    tips, images = load_model("demo").tips, parity_image((224, 224))
    expected = all_said(tips, images)
    assert "depth" in fit_into_fp16(tips, images)
    half = all_said(rewrite_heads(tips, early=False).half(), images.half())
    assert all(value.isfinite().all() for value in half.values())
    assert (half["depth"] - expected["depth"]).abs().quantile(0.95) < 0.02 * expected["depth"].max()
