# SPDX-License-Identifier: Apache-2.0
"""An engine that was kept is only found for what it was built for."""

from __future__ import annotations

import copy

import pytest
import torch

from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.engines.cache_key import Ingredients, key_ingredients, weights_hash
from tips_ros.model.tips import Tips

ONE = Ingredients("a1", "GPU 8.7", "torch 2.13", "torch.float16", (448, 448))


@pytest.mark.parametrize(
    "other",
    [
        {"weights": "a2"},
        {"processor": "GPU 9.0"},
        {"versions": "torch 2.14"},
        {"precision": "torch.float32"},
        {"input_size": (448, 462)},
    ],
    ids=str,
)
def test_each_ingredient_makes_another_key(other: dict):
    assert ONE.key() == Ingredients(*ONE).key()
    assert ONE._replace(**other).key() != ONE.key()


def test_precision_and_size_are_among_the_ingredients_of_an_engine(tiny_tips: Tips):
    cpu = torch.device("cpu")
    keys = {
        key_ingredients(tiny_tips, cpu, dtype, size).key()
        for dtype in (torch.float32, torch.float16)
        for size in ((56, 56), (56, 70))
    }
    assert len(keys) == 4
    assert (
        f"torch {torch.__version__.split('+')[0]}"
        in key_ingredients(tiny_tips, cpu, torch.float32, (56, 56)).versions
    )


def test_a_single_weight_counts(tiny_tips: Tips):
    other = copy.deepcopy(tiny_tips)
    assert weights_hash(other) == weights_hash(tiny_tips)
    other.backbone.norm.bias.data[3] += 1e-6
    assert weights_hash(other) != weights_hash(tiny_tips)


def test_what_is_no_tensor_counts_too(tiny_tips: Tips):
    before = weights_hash(tiny_tips)
    assert tiny_tips.depth is not None
    tiny_tips.depth.bins = DepthBins(max_m=20.0)
    assert weights_hash(tiny_tips) != before
