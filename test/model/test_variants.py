# SPDX-License-Identifier: Apache-2.0
"""The table of released sizes says what Google published."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from tips_ros.model.variants import VARIANTS, Variant, variant_named, variant_of
from tips_ros.model.vit import VisionTransformer

PARAMETERS_M = {"S": 21.6, "B": 85.7, "L": 303.2, "SO400m": 412.4, "g": 1100}
each_variant = pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)


@each_variant
def test_an_encoder_has_the_published_number_of_parameters(variant: Variant):
    with torch.device("meta"):
        # The published counts were made with the 16×16 position grid of the first release.
        encoder = VisionTransformer(dataclasses.replace(variant.vit, pos_grid=16))
    millions = sum(p.numel() for p in encoder.parameters()) / 1e6
    assert millions == pytest.approx(PARAMETERS_M[variant.name], rel=0.04)


@each_variant
def test_heads_read_four_blocks_of_which_the_last_is_the_last(variant: Variant):
    assert list(variant.taps) == sorted(variant.taps)
    assert variant.taps[-1] == variant.vit.depth - 1


@each_variant
def test_sizes_lead_back_to_the_variant(variant: Variant):
    vit = variant.vit
    assert variant_of(vit.width, vit.depth, vit.ffn, vit.ffn_hidden) is variant
    assert variant_of(vit.width, vit.depth + 1, vit.ffn, vit.ffn_hidden) is None
    assert variant_named(variant.name) is variant


def test_the_hidden_width_of_swiglu_is_two_thirds_of_four_rounded_up_to_8():
    giant = variant_named("g").vit
    assert giant.ffn == "swiglu"
    assert giant.ffn_hidden == (int(4 * giant.width * 2 / 3) + 7) // 8 * 8


def test_an_unknown_variant_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="'H'; choose one of S, B, L, SO400m, g"):
        variant_named("H")
