# SPDX-License-Identifier: Apache-2.0
"""Who of ONNX Runtime's providers is asked, by what there is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tips_ros.model.engines import EngineUnavailable, onnxruntime_engine
from tips_ros.model.engines.onnxruntime_engine import (
    CPU,
    CUDA,
    TENSORRT,
    OnnxRuntimeEngine,
    providers_for,
)

ON_CPU, ON_GPU = torch.device("cpu"), torch.device("cuda:1")


def there(monkeypatch: pytest.MonkeyPatch, *providers: str) -> None:
    """This ONNX Runtime has these."""
    runtime = SimpleNamespace(get_available_providers=lambda: [*providers, CPU])
    monkeypatch.setattr(onnxruntime_engine, "import_onnxruntime", lambda: runtime)


def test_tensorrt_comes_first_and_keeps_its_engines_in_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    there(monkeypatch, TENSORRT, CUDA)
    (name, options), (second, _), (last, _) = providers_for(ON_GPU, torch.float16, tmp_path)
    assert (name, second, last) == (TENSORRT, CUDA, CPU)
    assert options["device_id"] == 1 and options["trt_engine_cache_path"] == str(tmp_path)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_no_provider_is_asked_to_lower_what_the_graph_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dtype: torch.dtype
):
    there(monkeypatch, TENSORRT, CUDA)
    (_, tensorrt), (_, cuda), _ = providers_for(ON_GPU, dtype, tmp_path)
    assert not {"trt_fp16_enable", "trt_bf16_enable", "trt_int8_enable"} & tensorrt.keys()
    assert cuda["use_tf32"] is False


def test_a_gpu_without_a_provider_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    there(monkeypatch)
    with pytest.raises(EngineUnavailable, match="onnxruntime-gpu"):
        providers_for(ON_GPU, torch.float32, tmp_path)


@pytest.mark.parametrize("device", [ON_CPU, ON_GPU], ids=str)
def test_half_precision_needs_tensorrt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, device: torch.device
):
    there(monkeypatch, CUDA)
    with pytest.raises(EngineUnavailable, match="precision fp32"):
        providers_for(device, torch.bfloat16, tmp_path)


def test_on_the_cpu_it_is_the_cpu_whatever_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    there(monkeypatch, TENSORRT, CUDA)
    assert providers_for(ON_CPU, torch.float32, tmp_path) == [(CPU, {})]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """start(dtype, PROVIDER…): an engine on a GPU where ONNX Runtime lists all and starts these."""

    def make(dtype: torch.dtype, *started: str) -> OnnxRuntimeEngine:
        there(monkeypatch, TENSORRT, CUDA)
        asked = providers_for(ON_GPU, dtype, tmp_path)

        def session(file, options, providers, enable_fallback=1):
            assert enable_fallback == 0, "no other provider takes over in the middle of a run"
            return SimpleNamespace(get_providers=lambda: [*started, CPU])

        runtime = SimpleNamespace(SessionOptions=SimpleNamespace, InferenceSession=session)
        monkeypatch.setattr(onnxruntime_engine, "import_onnxruntime", lambda: runtime)
        return OnnxRuntimeEngine(tmp_path / "part.onnx", asked, ON_GPU, dtype)

    return make


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_the_provider_that_was_asked_for_serves(start, dtype: torch.dtype):
    engine = start(dtype, TENSORRT, CUDA)
    assert (engine.provider, engine.precision) == (TENSORRT, dtype)


def test_in_fp32_cuda_may_take_tensorrts_place_and_is_told(start):
    assert start(torch.float32, CUDA).provider == CUDA


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_a_precision_that_would_be_another_is_refused_with_what_is_missing(start, dtype):
    with pytest.raises(EngineUnavailable, match="CUDAExecution.* in its place.*TensorRT"):
        start(dtype, CUDA)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_the_processor_never_takes_a_gpus_place(start, dtype):
    with pytest.raises(EngineUnavailable, match="CPUExecutionProvider would serve in its place"):
        start(dtype)
