# SPDX-License-Identifier: Apache-2.0
"""A recorded function says what the function says, to whichever thread and stream asks."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tips_ros.model.engines.compiled_engine import CompiledEngine
from tips_ros.model.engines.model_graphs import ModelGraph
from tips_ros.model.engines.recording import Recording

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA GPU here")


def squares(x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
    return x * x, x @ y


def inputs(seed: int, device: str = "cuda") -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(64, 64, generator=generator).to(device) for _ in range(2)]


@on_gpu
class TestOnAGpu:
    def test_it_says_what_the_function_says(self):
        recorded = Recording(squares, inputs(0))
        for seed in range(3):
            for found, expected in zip(recorded(inputs(seed)), squares(*inputs(seed)), strict=True):
                torch.testing.assert_close(found, expected)

    def test_what_it_said_stays_when_it_is_asked_again(self):
        recorded = Recording(squares, inputs(0))
        first = recorded(inputs(1))
        kept = [tensor.clone() for tensor in first]
        recorded(inputs(2))
        assert all(torch.equal(a, b) for a, b in zip(first, kept, strict=True))

    def test_threads_on_streams_of_their_own_don_t_mix(self):
        recorded = Recording(squares, inputs(0))

        def asked(seed: int) -> bool:
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                given = inputs(seed)
                found, expected = recorded(given), squares(*given)
                return all(torch.allclose(a, b) for a, b in zip(found, expected, strict=True))

        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(asked, range(64)))

    def test_a_compiled_part_serves_threads_that_did_not_compile_it(self):
        part = ModelGraph("linear", Wrapped(), (torch.zeros(1, 8),))
        engine = CompiledEngine(part, torch.device("cuda"), torch.float32)
        x = torch.rand(1, 8)
        with ThreadPoolExecutor(1) as threads:
            (found,) = threads.submit(engine, [x.cuda()]).result()
        torch.testing.assert_close(found.cpu(), part.module(x)[0])


class Wrapped(nn.Module):
    """A layer that gives a tuple, as parts do."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8).requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor]:
        return (self.layer(x),)


def test_a_compiler_s_advice_on_tf32_is_no_error_where_warnings_are(
    monkeypatch: pytest.MonkeyPatch,
):
    """Torch gives it whenever it compiles products in fp32 for a GPU that has TF32."""

    def compiles_when_called(module: nn.Module, **_: Any) -> Any:
        def run(x: Tensor) -> tuple[Tensor]:
            warnings.warn("TensorFloat32 tensor cores available but not enabled.", stacklevel=1)
            return module(x)

        return run

    monkeypatch.setattr(torch, "compile", compiles_when_called)
    CompiledEngine(
        ModelGraph("linear", Wrapped(), (torch.zeros(1, 8),)), torch.device("cpu"), torch.float32
    )


def test_on_a_cpu_nothing_is_recorded(monkeypatch: pytest.MonkeyPatch):
    def refused(*_: Any) -> None:
        raise AssertionError("a CUDA graph on a CPU")

    monkeypatch.setattr(torch, "compile", lambda module, **_: module)
    monkeypatch.setattr(Recording, "__init__", refused)
    part = ModelGraph("linear", Wrapped(), (torch.zeros(1, 8),))
    engine = CompiledEngine(part, torch.device("cpu"), torch.bfloat16)
    x = torch.rand(1, 8)
    (found,) = engine([x])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, part.module(x)[0], atol=0.02, rtol=0.02)
