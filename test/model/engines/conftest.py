# SPDX-License-Identifier: Apache-2.0
"""Engines that count, and what engines are compared on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from tips_ros.model.engines.engine import Engine
from tips_ros.model.engines.model_graphs import model_graphs
from tips_ros.model.tips import Tips

SIZE = (56, 56)


@pytest.fixture
def images() -> Callable[..., Tensor]:
    """(B, 3, h, w), the same for the same arguments."""

    def make(count: int = 1, size: tuple[int, int] = SIZE) -> Tensor:
        generator = torch.Generator().manual_seed(count)
        return torch.rand(count, 3, *size, generator=generator)

    return make


@pytest.fixture
def counted() -> Callable[[Tips], tuple[dict[str, Engine], Counter[str]]]:
    """The parts of a model run by torch, and how often each of them was."""

    def make(tips: Tips) -> tuple[dict[str, Engine], Counter[str]]:
        calls: Counter[str] = Counter()

        def engine(name: str, module: Any) -> Engine:
            def run(inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
                calls[name] += 1
                return tuple(module(*inputs))

            return run

        return {
            part.name: engine(part.name, part.module) for part in model_graphs(tips, SIZE)
        }, calls

    return make


@pytest.fixture
def assert_alike() -> Callable[[Tips, Tips, Tensor], None]:
    """All that two models say of a batch is within 1e-4 of the largest value."""

    def check(found: Tips, expected: Tips, batch: Tensor) -> None:
        with torch.inference_mode():
            looks = [
                model.forward_features(batch, model.head_names, value_features=True, evidence=True)
                for model in (found, expected)
            ]
        (maps, features), (true_maps, true_features) = looks
        pairs = [*zip(maps[:3], true_maps[:3], strict=True)]
        assert maps.depth_evidence is not None and true_maps.depth_evidence is not None
        evidence = (m.depth_evidence.split(1, dim=1) for m in (maps, true_maps))
        pairs += [*zip(*evidence, strict=True)]
        pairs += [
            (a, b) for a, b in zip(features, true_features, strict=True) if isinstance(b, Tensor)
        ]
        for layer, true_layer in zip(features.layers, true_features.layers, strict=True):
            assert layer.grid == true_layer.grid
            pairs += [(layer.patch_tokens, true_layer.patch_tokens)]
            pairs += [(layer.cls_token, true_layer.cls_token)]
        assert len(pairs) == 3 + 3 + 4 + 2 * len(true_features.layers)
        for a, b in pairs:
            assert a.shape == b.shape
            assert (a - b).abs().max() <= 1e-4 * b.abs().max()

    return check
