# SPDX-License-Identifier: Apache-2.0
"""Every part is one graph to torch's compiler: nothing in it goes back to Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tips_ros.model.engines.model_graphs import model_graphs
from tips_ros.model.fast.gpu.backbone import fuse_backbone
from tips_ros.model.fast.rewrite import rewrite_heads
from tips_ros.model.tips import HEAD_NAMES, Tips


@pytest.fixture(autouse=True)
def apart() -> Iterator[None]:
    """What one test compiled is nothing to the next."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["backbone", "values", *HEAD_NAMES])
@torch.no_grad()
def test_a_part_is_traced_as_a_whole_and_says_the_same(tiny_tips: Tips, name: str):
    (part,) = [part for part in model_graphs(tiny_tips, (56, 56)) if part.name == name]
    inputs = [torch.rand_like(tensor) for tensor in part.inputs]
    compiled = torch.compile(part.module, fullgraph=True, dynamic=False, backend="aot_eager")
    for found, expected in zip(compiled(*inputs), part.module(*inputs), strict=True):
        torch.testing.assert_close(found, expected)


@pytest.mark.slow
@torch.no_grad()
def test_so_is_a_whole_model_as_a_gpu_has_it(tiny_tips: Tips):
    fast = rewrite_heads(tiny_tips, early=False)
    fast.backbone = fuse_backbone(fast.backbone)

    def maps(images: torch.Tensor) -> list[torch.Tensor | None]:
        return list(fast.forward_features(images, HEAD_NAMES, evidence=True).maps)

    images = torch.rand(1, 3, 56, 56)
    expected = maps(images)
    compiled = torch.compile(maps, fullgraph=True, dynamic=False, backend="aot_eager")
    for found, wanted in zip(compiled(images), expected, strict=True):
        assert found is not None and wanted is not None
        # On one processor one value of 153,600 was 1.1e-5 off.
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=3e-5)
