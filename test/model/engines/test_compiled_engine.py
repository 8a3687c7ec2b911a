# SPDX-License-Identifier: Apache-2.0
"""Graphs that torch compiles say what torch says, or torch serves."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch

from tips_ros.model.engines import select_backend
from tips_ros.model.engines.compiled_engine import CompiledEngine
from tips_ros.model.engines.model_graphs import model_graphs
from tips_ros.model.tips import Tips

from .few_weights import BF16, CPU, EXACT


# torch's compiler uses some of torch that torch has deprecated.
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
class TestCompiledByTorch:
    @pytest.mark.slow
    def test_a_graph_says_what_torch_says(self, tiny_tips: Tips):
        if shutil.which("c++") is None and shutil.which("g++") is None:
            pytest.skip("torch compiles with a C++ compiler, and there is none")
        (part,) = (part for part in model_graphs(tiny_tips, (56, 56)) if part.name == "values")
        engine = CompiledEngine(part, CPU, torch.float32)
        generator = torch.Generator().manual_seed(1)
        tokens = torch.rand(part.inputs[0].shape, generator=generator)
        with torch.inference_mode():
            (found,), (expected,) = engine([tokens]), part.module(tokens)
        assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()
        (again,) = engine([1 - tokens])
        assert not torch.equal(found, again), "what was said stays when the next one comes"

    def test_a_model_of_such_graphs_says_what_torch_says(
        self, tiny_tips: Tips, images: Any, assert_alike: Any, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(torch, "compile", lambda module, **_: module)  # half a minute else
        found = select_backend(tiny_tips, lambda _: tiny_tips, "compiled", EXACT)
        assert (found.backend, found.note, found.dtype) == ("compiled", "", torch.float32)
        assert_alike(found.tips, tiny_tips, images(2))

    def test_in_bf16_its_sums_of_depth_stay_exact_enough(
        self, tiny_tips: Tips, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(torch, "compile", lambda module, **_: module)
        found = select_backend(tiny_tips, lambda _: tiny_tips, "compiled", BF16)
        assert (found.backend, found.note) == ("compiled", "")
        assert (found.dtype, found.precision) == (torch.float32, torch.bfloat16)

    def test_is_refused_where_it_can_t_be_built(
        self, tiny_tips: Tips, monkeypatch: pytest.MonkeyPatch
    ):
        def fail(*_: Any, **__: Any) -> None:
            raise RuntimeError("no compiler")

        monkeypatch.setattr(torch, "compile", fail)
        found = select_backend(tiny_tips, lambda _: tiny_tips, "compiled", EXACT)
        assert found.tips is tiny_tips and found.backend == "torch"
        assert "can't be built: RuntimeError: no compiler" in found.note
