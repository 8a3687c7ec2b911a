# SPDX-License-Identifier: Apache-2.0
"""The model is trained on what it answers when it is used."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tips_ros.finetune.thinned_depth import decode_thinned, depth_and_spread
from training.frames.batches import Batch
from training.network.architecture import CLASSES, demo_model
from training.steps.objectives import _surprise, losses

SIDE = 64


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return demo_model()[0].eval().requires_grad_(False)


def _batch(offset: tuple[int, int], **truth: torch.Tensor) -> Batch:
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    empty = {
        "depth_m": torch.zeros(2, SIDE, SIDE),
        "normals": torch.zeros(2, 3, SIDE, SIDE),
        "classes": torch.full((2, SIDE, SIDE), 255),
    }
    return Batch(images, **{**empty, **truth}, offset=offset)


def _losses(model, batch: Batch):
    k, width = len(CLASSES), model.backbone.config.width
    embeddings = F.normalize(
        torch.randn(k, width, generator=torch.Generator().manual_seed(2)), dim=-1
    )
    return losses(model, batch, embeddings, torch.tensor(2.0), torch.ones(k)), embeddings


@pytest.mark.parametrize("offset", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_the_truth_costs_nothing_when_it_is_what_the_heads_answer(model, offset):
    images = _batch(offset).images
    maps = model(images, model.head_names)
    down, across = offset
    pick = (..., slice(down, None, 2), slice(across, None, 2))
    found, _ = _losses(
        model,
        _batch(
            offset,
            depth_m=maps.depth[:, 0][pick],
            # Heads answer with normals away from the camera, truth faces it.
            normals=-F.normalize(maps.normals, dim=1)[pick],
            classes=maps.segmentation.argmax(dim=1)[pick],
        ),
    )
    assert float(found.depth) < 1e-4
    assert float(found.normals) < 5e-3
    best = F.cross_entropy(
        maps.segmentation[pick], maps.segmentation.argmax(dim=1)[pick], reduction="mean"
    )
    assert float(found.classes) == pytest.approx(float(best), rel=1e-4)


def test_a_tenth_more_depth_costs_its_logarithm(model):
    depth = model(_batch((0, 0)).images, ("depth",)).depth[:, 0, ::2, ::2]
    found, _ = _losses(model, _batch((0, 0), depth_m=1.1 * depth))
    assert float(found.depth) == pytest.approx(0.09531, rel=1e-3)


def test_a_patch_is_compared_with_the_words_of_what_it_shows(model):
    classes = torch.zeros(2, SIDE, SIDE, dtype=torch.long)
    classes[:, SIDE // 2 :] = 4  # patches are 4×4 pixels of the truth: none is mixed
    batch = _batch((0, 0), classes=classes)
    found, embeddings = _losses(model, batch)
    values = model.backbone(batch.images, (), value_features=True).value_features
    logits = F.normalize(values, dim=-1) @ embeddings.T * torch.tensor(2.0).exp()
    truth = classes[:, ::4, ::4].flatten(1)
    expected = F.cross_entropy(logits.flatten(0, 1), truth.flatten())
    assert float(found.words) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.quick
def test_pixels_without_truth_cost_nothing(model):
    found, _ = _losses(model, _batch((0, 1), classes=torch.zeros(2, SIDE, SIDE, dtype=torch.long)))
    assert float(found.depth) == 0
    assert float(found.normals) == 0


def test_the_bins_spread_costs_least_where_it_is_as_wide_as_the_error(model):
    images = _batch((0, 0)).images
    features = model.backbone(images, model.taps)
    x = decode_thinned(model.depth.dpt, features.layers, (0, 0))
    depth, spread = depth_and_spread(model.depth, x)
    wide = float((spread / depth).mean())
    errors = [share * wide / 2**0.5 for share in (0.5, 1, 2)]
    for sign in (-1, 1):
        truths = [depth * np.exp(sign * error) for error in errors]
        batches = [_batch((0, 0), depth_m=truth) for truth in truths]
        found = [float(_losses(model, made)[0].spread) for made in batches]
        expected = [np.log(wide / 0.01) + share for share in (0.5, 1, 2)]
        assert found == pytest.approx(expected, rel=0.05)


def test_the_spread_s_loss_leaves_the_mean_to_the_depth_s(model):
    times = torch.tensor([0.02, 0.3], requires_grad=True)
    wrong = torch.tensor([0.1, 0.1], requires_grad=True)
    _surprise(wrong, times).sum().backward()
    assert wrong.grad is None
    assert times.grad[0] < 0 < times.grad[1]  # too narrow, too wide


def test_bins_that_are_sure_cost_a_finite_amount():
    found = _surprise(torch.tensor([0.0, 50.0]), torch.zeros(2))
    assert found[0] == 0 and 100 < found[1] < 200
