# SPDX-License-Identifier: Apache-2.0
"""The model that training starts at: the agreed sizes, and weights that can learn."""

from __future__ import annotations

import pytest
import torch

from training.network.architecture import CLASSES, GRID, PATCH, SIZES, demo_model

SIDE = PATCH * GRID
HEADS = ("depth", "normals", "segmentation")


@pytest.mark.parametrize("sizes", SIZES)
def test_in_half_precision_it_is_below_12_mb(sizes: str):
    tips, text = demo_model(sizes=sizes)
    assert sum(p.numel() for m in (tips, text) for p in m.parameters()) < 5_990_000


@pytest.mark.parametrize("sizes", SIZES)
def test_the_outputs_are_neither_constant_nor_wild(sizes: str):
    torch.manual_seed(0)
    tips, text = demo_model(50, sizes)
    with torch.inference_mode():
        depth, normals, logits, _ = tips(torch.rand(1, 3, SIDE, SIDE), HEADS)
        embeddings = text(torch.arange(1, 7).view(2, 3), torch.ones(2, 3, dtype=torch.bool))
    for found in (depth, normals, logits, embeddings):
        assert 0.01 < float(found.std()) < 10
    assert logits.shape[1] == len(CLASSES)


def test_every_weight_gets_a_gradient():
    torch.manual_seed(0)
    tips, text = demo_model(vocabulary=50)
    output = tips.forward_features(torch.rand(1, 3, 56, 56), HEADS)
    ids = torch.arange(50)[None]
    losses = [m.square().mean() for m in output.maps if m is not None]
    losses += [
        output.features.cls_token.sum(),
        output.features.second_cls_token.square().mean(),
        text(ids, torch.ones_like(ids, dtype=torch.bool)).square().mean(),
    ]
    torch.stack(losses).sum().backward()
    for model in (tips, text):
        assert not [n for n, p in model.named_parameters() if p.grad is None]


def test_the_same_seed_gives_the_same_weights():
    models = []
    for _ in range(2):
        torch.manual_seed(3)
        models.append(demo_model(vocabulary=50))
    for one, other in zip(*models, strict=True):
        weights = other.state_dict()
        assert all(torch.equal(t, weights[name]) for name, t in one.state_dict().items())
