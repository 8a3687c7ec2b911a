# SPDX-License-Identifier: Apache-2.0
"""The sums over the bins are those of the definition, with the floor in every bin."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from tips_ros.model.depth_bins import LEAST_SPREAD, DepthBins, bin_sums, depth_of_sums
from tips_ros.model.fast import rewrite_heads
from tips_ros.model.tips import Tips

BINS = DepthBins(0.001, 16.0)


def by_definition(weights: torch.Tensor, bins: DepthBins) -> torch.Tensor:
    """(…, K) in fp64 → (…, 4) depth, Σ p, Σ (p / Σ p)² and the relative spread."""
    p = weights.double() + bins.min_m
    centers = torch.linspace(bins.min_m, bins.max_m, weights.shape[-1], dtype=torch.float64)
    share = p / p.sum(-1, keepdim=True)
    depth = (share * centers).sum(-1)
    spread = (share * (centers - depth[..., None]).square()).sum(-1).sqrt() / depth
    return torch.stack([depth, p.sum(-1), share.square().sum(-1), spread], -1)


@pytest.mark.parametrize("scale", [0.0, 1e-3, 1.0, 1e4])
def test_depth_and_its_evidence_are_those_of_the_definition(scale: float):
    weights = torch.relu(torch.randn(2, 3, 5, 256, generator=torch.Generator().manual_seed(1)))
    weights *= scale
    found = depth_of_sums(bin_sums(weights, BINS, evidence=True), BINS, 256)
    expected = by_definition(weights, BINS).permute(0, 3, 1, 2)
    assert torch.allclose(found.double(), expected, rtol=1e-5)


def test_depth_is_the_same_number_with_and_without_its_evidence():
    weights = torch.rand(1, 4, 4, 64)
    plain, more = (depth_of_sums(bin_sums(weights, BINS, e), BINS, 64) for e in (False, True))
    assert plain.shape == (1, 1, 4, 4) and more.shape == (1, 4, 4, 4)
    assert torch.equal(plain, more[:, :1])


def test_two_sure_bins_spread_by_half_of_what_lies_between():
    between = torch.zeros(1, 1, 1, 256)
    between[..., 100] = between[..., 140] = 1e4
    found = depth_of_sums(bin_sums(between, BINS, evidence=True), BINS, 256)[0, :, 0, 0]
    assert float(found[3] * found[0]) == pytest.approx(20 * (16.0 - 0.001) / 255, rel=1e-2)


@pytest.mark.parametrize("unit", [0.25, 8.0])
def test_evidence_does_not_depend_on_the_unit_of_the_activations(unit: float):
    weights = torch.rand(1, 4, 4, 64)
    whole = depth_of_sums(bin_sums(weights, BINS, evidence=True), BINS, 64)
    scaled = replace(BINS, unit=unit)
    found = depth_of_sums(bin_sums(weights / unit, scaled, evidence=True), scaled, 64)
    assert torch.allclose(found, whole, rtol=1e-4)


def test_one_sure_bin_has_no_spread_that_rounding_makes():
    sure = torch.zeros(1, 1, 256, 256)
    sure[0, 0] = 1e9 * torch.eye(256)
    spread = depth_of_sums(bin_sums(sure, BINS, evidence=True), BINS, 256)[0, 3, 0, 3:]
    assert torch.equal(spread, torch.full_like(spread, LEAST_SPREAD))


def test_one_bin_is_all_the_evidence_and_none_is_spread_over_all():
    sure, lost = torch.zeros(1, 1, 1, 128), torch.zeros(1, 1, 1, 128)
    sure[..., 40] = 1e6
    crowding = [
        float(depth_of_sums(bin_sums(w, BINS, evidence=True), BINS, 128)[0, 2])
        for w in (sure, lost)
    ]
    assert crowding == pytest.approx([1.0, 1 / 128], rel=1e-3)


@pytest.mark.parametrize("early", [False, True])
def test_rewritten_heads_give_the_same_evidence(tiny_tips: Tips, early: bool):
    images = torch.rand(2, 3, 56, 56)
    with torch.inference_mode():
        plain = tiny_tips.forward_features(images, ["depth"], evidence=True).maps
        tips = rewrite_heads(copy.deepcopy(tiny_tips), early)
        fast = tips.forward_features(images, ["depth"], evidence=True).maps
    assert plain.depth_evidence is not None and fast.depth_evidence is not None
    assert plain.depth_evidence.shape[:2] == (2, 3)
    assert torch.allclose(fast.depth_evidence, plain.depth_evidence, rtol=1e-3)


def test_nobody_gets_evidence_who_did_not_ask(tiny_tips: Tips):
    with torch.inference_mode():
        assert (
            tiny_tips.forward_features(torch.rand(1, 3, 56, 56), ["depth"]).maps.depth_evidence
            is None
        )


def test_in_a_batch_each_image_has_its_own(tiny_tips: Tips):
    images = torch.rand(3, 3, 56, 56)
    with torch.inference_mode():
        looks = tiny_tips.forward_batch(images, [["depth"], [], ["depth"]], evidence=True)
        alone = tiny_tips.forward_features(images[2:], ["depth"], evidence=True).maps
    assert looks[1].maps.depth_evidence is None
    found = looks[2].maps.depth_evidence
    assert found is not None and alone.depth_evidence is not None
    assert torch.allclose(found, alone.depth_evidence, rtol=1e-3)
