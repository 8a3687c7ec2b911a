# SPDX-License-Identifier: Apache-2.0
"""Beside an engine fp32 of torch's takes no room on a GPU until it is needed there.

The GPU is torch's `meta` device: a place like any other, on which nothing is computed.
"""

from __future__ import annotations

import copy
import gc
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tips_ros.model.engines import Parity, Target, select_backend
from tips_ros.model.engines.engine_model import Reserve, build_engine_model
from tips_ros.model.engines.parity import check_parity
from tips_ros.model.fast import rewrite_for
from tips_ros.model.tips import HEAD_NAMES, Tips

module = sys.modules[select_backend.__module__]  # the package gives its name to the function
THERE = torch.device("meta")
SIZE, OTHER = (56, 56), (70, 56)


def bytes_there() -> int:
    """Bytes of all tensors that anybody holds there."""
    gc.collect()
    # By type: what stands in for another object would be asked.
    tensors = [one for one in gc.get_objects() if issubclass(type(one), Tensor)]
    held = [one for one in tensors if one.device == THERE]
    return sum(one.nbytes for one in held)


def bytes_of(tips: Tips) -> int:
    return sum(p.nbytes for p in tips.parameters())


def compared_there(monkeypatch: pytest.MonkeyPatch, tips: Tips, counted: Any) -> list[int]:
    """Has a model built for the device, and its comparison note what is held there meanwhile."""
    held: list[int] = []

    def compare(*_: Any) -> Parity:
        held.append(bytes_there())
        return Parity(True, "")

    monkeypatch.setattr(module, "check_parity", compare)
    engines, _ = counted(tips)
    for engine in engines.values():
        engine.precision = torch.bfloat16
    monkeypatch.setitem(module._BUILDERS, "compiled", lambda *_: iter(engines.items()))  # type: ignore[attr-defined]
    return held


@pytest.mark.slow
def test_the_model_that_was_compared_with_leaves_the_device(
    tiny_tips: Tips, counted: Any, monkeypatch: pytest.MonkeyPatch
):
    before, size = bytes_there(), bytes_of(tiny_tips)
    held = compared_there(monkeypatch, tiny_tips, counted)

    def in_torch(dtype: torch.dtype) -> Tips:
        return rewrite_for(tiny_tips, THERE, dtype)

    target = Target(THERE, torch.bfloat16, SIZE)
    found = select_backend(tiny_tips, in_torch, "compiled", target)
    found.tips.to(THERE, found.dtype)  # as who serves it does
    assert found.backend == "compiled"
    assert size <= held[0] - before < 1.1 * size, "one in fp32 is compared with, and no second"
    # The floor of depth's bins.
    assert bytes_there() - before < 0.02 * size


@pytest.mark.slow
def test_an_image_of_another_size_brings_what_computes_it_and_nothing_else(
    tiny_tips: Tips, counted: Any
):
    tips = build_engine_model(copy.deepcopy(tiny_tips), counted(tiny_tips)[0], SIZE).to(THERE)
    before = bytes_there()
    features = tips.backbone(torch.zeros(1, 3, *OTHER, device=THERE), tips.taps)
    encoder = sum(p.nbytes for p in tiny_tips.backbone.parameters())
    assert encoder <= bytes_of_parameters(tips.backbone.in_torch, THERE) == encoder
    assert features.patch_tokens.device == THERE
    assert tips.normals is not None and tips.depth is not None
    assert tips.normals(features.layers).device == THERE
    assert tips.depth(features.layers, evidence=True).device == THERE
    del features
    heads = sum(p.nbytes for h in (tiny_tips.normals, tiny_tips.depth) for p in h.parameters())  # type: ignore[union-attr]
    assert encoder + heads <= bytes_there() - before < 1.2 * (encoder + heads)


def bytes_of_parameters(part: nn.Module, device: torch.device) -> int:
    return sum(p.nbytes for p in part.parameters() if p.device == device)


def test_where_it_is_told_from_is_wherever_it_is(tiny_tips: Tips, counted: Any):
    tips: Any = build_engine_model(tiny_tips, counted(tiny_tips)[0], SIZE)
    assert tips.backbone.in_torch is tiny_tips.backbone
    assert not list(tips.parameters())


def test_engines_without_any_parameter_are_compared_as_well(
    tiny_tips: Tips, counted: Any, images: Callable[..., Tensor]
):
    for heads in (HEAD_NAMES, ("normals",), ()):
        tips = Tips(tiny_tips.backbone, tiny_tips.taps)
        for name in heads:
            setattr(tips, name, getattr(tiny_tips, name))
        engines, calls = counted(tips)
        verdict = check_parity(build_engine_model(tips, engines, SIZE), tips, SIZE, torch.float32)
        assert verdict.passed, verdict.reason
        assert calls["backbone"] == 1


def test_threads_that_need_it_at_once_move_it_once():
    class Slow(nn.Linear):
        moves = 0

        def to(self, *args: Any, **kwargs: Any) -> Any:
            assert not moving.locked()
            with moving:
                Slow.moves += 1
                gate.wait(0.05)
                return super().to(*args, **kwargs)

    moving, gate = threading.Lock(), threading.Event()
    reserve = Reserve(Slow(2, 2))
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: reserve.on(THERE), range(8)))
    assert Slow.moves == 1
    assert {id(one) for one in found} == {id(reserve.module)}
    assert reserve.module.weight.device == THERE
