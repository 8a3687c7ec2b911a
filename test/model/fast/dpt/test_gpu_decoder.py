# SPDX-License-Identifier: Apache-2.0
"""A GPU's decoder says what the plain one says, of every shape of patch grid."""

from __future__ import annotations

import pytest
import torch

from tips_ros.model.fast import rewrite_heads
from tips_ros.model.fast.dpt.gpu_decoder import GpuDecoder, fuse_decoders
from tips_ros.model.tips import HEAD_NAMES, Tips


@torch.no_grad()
@pytest.mark.parametrize("size", [(56, 56), (42, 70), (14, 28)], ids=str)
@pytest.mark.parametrize("early", ["gpu", False])
@pytest.mark.parametrize("batch", [1, 2])
def test_heads_with_it_say_what_plain_ones_say(
    tiny_tips: Tips, size: tuple[int, int], early: bool, batch: int
):
    generator = torch.Generator().manual_seed(1)
    for name, parameter in tiny_tips.named_parameters():
        if name.endswith("bias"):  # or one that is left out would not be missed
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 10)
    images = torch.rand(batch, 3, *size, generator=generator)
    expected = tiny_tips.forward_features(images, HEAD_NAMES, evidence=True).maps
    fast = fuse_decoders(rewrite_heads(tiny_tips, early=early))
    assert all(isinstance(getattr(fast, name).decoder, GpuDecoder) for name in HEAD_NAMES)
    found = fast.forward_features(images, HEAD_NAMES, evidence=True).maps
    for name, true in expected._asdict().items():
        one = getattr(found, name)
        torch.testing.assert_close(one, true, atol=1e-4, rtol=1e-4, msg=lambda m, n=name: n + m)
