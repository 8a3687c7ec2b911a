# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy

import torch

from training.network.architecture import demo_model
from training.network.plain_attention import use_plain_attention


def test_features_and_gradients_are_those_of_the_fused_attention():
    torch.manual_seed(0)
    fused = demo_model()[0]
    plain = copy.deepcopy(fused)
    use_plain_attention(plain)
    images = torch.rand(2, 3, 112, 112)
    results = []
    for model in (fused, plain):
        features = model.backbone(images, model.taps, value_features=True)
        (features.patch_tokens.square().mean() + features.layers[0].cls_token.sum()).backward()
        results.append((features.patch_tokens, model.backbone.blocks[0].attn.qkv.weight.grad))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_a_copy_of_the_model_computes_with_its_own_weights():
    torch.manual_seed(0)
    model = demo_model()[0]
    use_plain_attention(model)
    twin = copy.deepcopy(model)
    with torch.no_grad():
        for weight in twin.parameters():
            weight.zero_()
    images = torch.rand(1, 3, 112, 112)
    assert twin.backbone(images).patch_tokens.abs().max() == 0
    assert model.backbone(images).patch_tokens.abs().max() > 0
