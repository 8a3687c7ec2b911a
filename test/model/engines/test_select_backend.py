# SPDX-License-Identifier: Apache-2.0
"""An engine serves after it said what torch says; else torch does, and tells why."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from tips_ros.model.engines import (
    EngineUnavailable,
    Parity,
    Target,
    openvino_engine,
    select_backend,
)
from tips_ros.model.engines.model_graphs import ModelGraph
from tips_ros.model.tips import Tips

from .few_weights import BF16, CPU, EXACT, spoiled, with_only

module = sys.modules[select_backend.__module__]  # the package gives its name to the function
ENGINES = ("openvino", "onnxruntime")


def needs(package: str) -> None:
    """Skips without it; it is not imported, that being the business of `import_…`."""
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


@pytest.fixture(params=ENGINES)
def backend(request: pytest.FixtureRequest) -> str:
    needs(request.param)
    return str(request.param)


def test_graphs_are_torch_s_own_steps_for_a_gpu_alone(
    tiny_tips: Tips, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(EngineUnavailable, match="run on an NVIDIA GPU, not on cpu"):
        select_backend(tiny_tips, lambda _: tiny_tips, "graphs", BF16)
    in_torch = module.BackendChoice(tiny_tips, torch.bfloat16, torch.bfloat16, "torch", "a note")
    monkeypatch.setattr(module, "_choose_precision", lambda *_: in_torch)
    there = BF16._replace(device=torch.device("cuda"))
    found = select_backend(tiny_tips, lambda _: tiny_tips, "graphs", there)
    assert found == in_torch._replace(backend="graphs")


@pytest.mark.slow
def test_an_engine_says_what_torch_says_and_what_it_said_stays_when_the_next_image_comes(
    tiny_tips: Tips, backend: Any, images: Callable[..., Tensor], assert_alike: Any
):
    found = select_backend(tiny_tips, lambda _: tiny_tips, backend, EXACT)
    assert (found.backend, found.note, found.dtype) == (backend, "", torch.float32)
    assert_alike(found.tips, tiny_tips, images(1))
    assert_alike(found.tips, tiny_tips, images(2))
    with torch.inference_mode():
        first = found.tips(images(1), ["depth"]).depth
        kept = first.clone()
        found.tips(1 - images(1), ["depth"])
    assert torch.equal(first, kept)


def broken_openvino(part: ModelGraph) -> Any:
    """The graph with a weight that is not the model's."""
    ov = openvino_engine.import_openvino()
    graph = WHOLE_OPENVINO(part)
    if part.name == "segmentation":
        constants = [op for op in graph.get_ops() if op.get_type_name() == "Constant"]
        weight = max(constants, key=lambda op: op.data.size)
        changed = weight.data.copy()
        changed.flat[: changed.size // 2] *= 1.01
        weight.output(0).replace(ov.opset13.constant(changed).output(0))
    return graph


def broken_onnx(part: ModelGraph, folder: Path, dtype: torch.dtype) -> Path:
    """The file with a weight that is not the model's."""
    import onnx
    from onnx import numpy_helper

    file = WHOLE_ONNX(part, folder, dtype)
    if part.name == "segmentation":
        graph = onnx.load(file)
        weight = max(graph.graph.initializer, key=lambda tensor: len(tensor.raw_data))
        changed = numpy_helper.to_array(weight).copy()
        changed.flat[: changed.size // 2] *= 1.01
        weight.CopyFrom(numpy_helper.from_array(changed, weight.name))
        onnx.save(graph, file)
    return file


WHOLE_OPENVINO, WHOLE_ONNX = openvino_engine.openvino_graph, module.onnx_file  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_broken_graph_is_refused_and_torch_serves(
    tiny_tips: Tips, backend: Any, images: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(openvino_engine, "openvino_graph", broken_openvino)
    monkeypatch.setattr(module, "onnx_file", broken_onnx)
    tips = with_only(tiny_tips, "segmentation")
    found = select_backend(tips, lambda _: tips, backend, EXACT)
    assert found.tips is tips and found.backend == "torch"
    assert found.note.startswith(f"{backend} refused, torch serves instead")
    assert "segmentation: off by" in found.note and "bound 1e-04" in found.note


def test_a_graph_that_can_t_be_built_is_refused_and_torch_serves(
    tiny_tips: Tips, backend: Any, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: Any) -> None:
        raise RuntimeError("no kernel\nfor this")

    monkeypatch.setattr(openvino_engine, "openvino_graph", fail)
    monkeypatch.setattr(module, "onnx_file", fail)
    found = select_backend(tiny_tips, lambda _: tiny_tips, backend, EXACT)
    assert found.tips is tiny_tips and found.backend == "torch"
    assert "can't be built: RuntimeError: no kernel for this" in found.note


@pytest.mark.parametrize("name", ENGINES)
def test_a_package_that_is_not_installed_is_named_with_the_command(
    tiny_tips: Tips, monkeypatch: pytest.MonkeyPatch, name: Any
):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(EngineUnavailable, match=f"pip install {name}"):
        select_backend(tiny_tips, lambda _: tiny_tips, name, EXACT)


@pytest.mark.parametrize("place", [EXACT, BF16], ids=["fp32", "bf16"])
def test_auto_is_torch(tiny_tips: Tips, place: Target):
    found = select_backend(tiny_tips, lambda _: tiny_tips, "auto", place)
    assert (found.backend, found.note, found.dtype) == ("torch", "", place.dtype)


def test_auto_is_the_captured_frame_on_a_gpu_and_names_stay_as_they_are():
    gpu = torch.device("cuda:0")
    assert module.resolve_backend("auto", gpu) == "graphs"
    assert module.resolve_backend("auto", CPU) == "torch"
    for name in ("torch", "compiled", "onnxruntime"):
        assert module.resolve_backend(name, gpu) == module.resolve_backend(name, CPU) == name


@pytest.mark.parametrize("asked", [torch.bfloat16, torch.float16], ids=str)
def test_a_precision_that_is_not_computed_is_told(asked: torch.dtype):
    def engine(precision: torch.dtype) -> Any:
        return SimpleNamespace(precision=precision)

    same = {"backbone": engine(asked), "depth": engine(asked)}
    assert module._precision_of(same, asked) == (asked, "")
    wide = {"backbone": engine(torch.float32), "depth": engine(torch.float32)}
    precision, note = module._precision_of(wide, asked)
    assert precision == torch.float32 and note.endswith("is not computed here, fp32 is")
    mixed = {"backbone": engine(asked), "depth": engine(torch.float32)}
    precision, note = module._precision_of(mixed, asked)
    assert precision == torch.float32 and note.endswith("fp32 is (depth)")


@pytest.mark.slow
def test_openvino_asked_for_fp16_tells_what_the_processor_has(tiny_tips: Tips):
    needs("openvino")
    import openvino as ov

    able = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    real = torch.float16 if "FP16" in able else torch.float32
    if "FP16" not in able and "BF16" in able:
        real = torch.bfloat16
    tips = with_only(tiny_tips, "normals")
    found = select_backend(tips, lambda _: tips, "openvino", Target(CPU, torch.float16, (56, 56)))
    assert (found.backend, found.precision) == ("openvino", real)
    assert bool(found.note) == (real != torch.float16)


def test_tf32_is_named_where_a_gpu_is_off_in_fp32():
    wrong, gpu = Parity(False, "depth: off by 1e-3"), torch.device("cuda")
    told = module._refusal(wrong, Target(gpu, torch.float32, (56, 56)))
    assert "NVIDIA_TF32_OVERRIDE=0" in told and "depth: off by 1e-3" in told
    for target in (Target(gpu, torch.bfloat16, (56, 56)), EXACT):
        assert "TF32" not in module._refusal(wrong, target)
    assert module._refusal(Parity(True, ""), EXACT) is None


@pytest.mark.slow
def test_openvino_in_bf16_keeps_fp32_for_what_torch_computes(tiny_tips: Tips):
    needs("openvino")
    tips = with_only(tiny_tips, "normals")
    found = select_backend(tips, lambda _: tips, "openvino", BF16)
    assert (found.backend, found.note) == ("openvino", "")
    assert (found.dtype, found.precision) == (torch.float32, torch.bfloat16)


@pytest.mark.slow
def test_bf16_of_torch_serves_in_a_copy(tiny_tips: Tips):
    found = select_backend(tiny_tips, lambda _: tiny_tips, "torch", BF16)
    assert (found.backend, found.note, found.dtype) == ("torch", "", torch.bfloat16)
    assert {p.dtype for p in found.tips.parameters()} == {torch.bfloat16}
    assert {p.dtype for p in tiny_tips.parameters()} == {torch.float32}


def test_bf16_of_torch_that_says_something_else_is_refused(tiny_tips: Tips):
    def in_torch(dtype: torch.dtype) -> Tips:
        return tiny_tips if dtype == torch.float32 else spoiled(tiny_tips)

    found = select_backend(tiny_tips, in_torch, "torch", BF16)
    assert found.tips is tiny_tips and found.dtype == torch.float32
    assert "bf16 refused, fp32 serves instead (normals: off by" in found.note


@pytest.mark.slow
def test_openvino_is_imported_without_what_reports_its_use():
    """In a process of its own: here it may have been imported before."""
    needs("openvino")
    program = (
        "import sys; from tips_ros.model.engines.openvino_engine import import_openvino;"
        "import_openvino().Core(); sys.exit(sys.modules.get('openvino_telemetry') is not None)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_openvino_runs_on_the_cpu_alone(tiny_tips: Tips):
    needs("openvino")
    place = Target(torch.device("cuda"), torch.float32, (56, 56))
    with pytest.raises(EngineUnavailable, match="use device cpu"):
        next(module._build_openvino(tiny_tips, [], place, None))
