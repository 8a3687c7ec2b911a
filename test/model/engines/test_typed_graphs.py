# SPDX-License-Identifier: Apache-2.0
"""Exported graphs say in which types they are computed, and hold what every reader knows."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tips_ros.model.checkpoints import load_backbone, load_dpt_head
from tips_ros.model.engines.export import onnx_file
from tips_ros.model.engines.model_graphs import ModelGraph, model_graphs
from tips_ros.model.engines.typed_graphs import lower_module, type_graph
from tips_ros.model.tips import Tips

HALVES = [torch.bfloat16, torch.float16]
SIZE = (56, 84)  # not the grid that positions are stored for
# What a graph may be made of: TensorRT 10 has all of them. Nothing that gathers or scatters.
ALLOWED = {
    *("Add", "Cast", "Concat", "Conv", "ConvTranspose", "Div", "Erf", "Gelu", "Gemm", "Identity"),
    *("LayerNormalization", "MatMul", "Mul", "Pad", "Pow", "ReduceSum", "Relu"),
    *("Reshape", "Resize", "Sigmoid", "Slice", "Softmax", "Split", "Sqrt", "Squeeze", "Sub"),
    *("Tanh", "Transpose", "Unsqueeze"),
}
PRODUCTS = {"Conv", "ConvTranspose", "Gemm", "MatMul"}
GOLDEN_HEADS = 4
WIDE = {"LayerNormalization", "ReduceSum", "Softmax"}


@pytest.fixture(scope="module")
def whole(tiny_vision: dict[str, Path], tiny_heads: dict[str, Path]) -> Tips:
    """The small model with its three heads, for all tests of this file."""
    heads: Any = {name: load_dpt_head(file) for name, file in tiny_heads.items()}
    return Tips(load_backbone(tiny_vision["mlp"], heads=GOLDEN_HEADS), (0, 1, 2, 3), **heads)


@pytest.fixture(scope="module", params=[torch.float32, *HALVES], ids=str)
def exported(
    request: pytest.FixtureRequest, whole: Tips, tmp_path_factory: Any
) -> dict[str, Any]:
    """The parts of a model as ONNX, their types inferred; under `dtype` what products are in."""
    if find_spec("onnxscript") is None or find_spec("onnx") is None:
        pytest.skip("onnxscript is not installed")
    import onnx

    folder = tmp_path_factory.mktemp("onnx")
    parts = model_graphs(whole, SIZE)
    if request.param != torch.float32:  # what has all kinds of layers in it is enough
        parts = [part for part in parts if part.name in ("backbone", "depth")]
    files = {part.name: onnx_file(part, folder, request.param) for part in parts}
    graphs = {
        name: onnx.shape_inference.infer_shapes(onnx.load(file), strict_mode=True, data_prop=True)
        for name, file in files.items()
    }
    return {"dtype": request.param, "files": files, "graphs": graphs}


def types_in(model: Any) -> dict[str, int]:
    """Element types by the names of values."""
    graph = model.graph
    values = [*graph.input, *graph.output, *graph.value_info]
    found = {value.name: value.type.tensor_type.elem_type for value in values}
    return found | {tensor.name: tensor.data_type for tensor in graph.initializer}


@pytest.mark.slow
class TestExported:
    def test_graphs_hold_operators_that_every_reader_knows(self, exported: dict[str, Any]):
        for name, model in exported["graphs"].items():
            used = Counter(node.op_type for node in model.graph.node)
            assert not used.keys() - ALLOWED, (name, used)
            assert {node.domain for node in model.graph.node} == {""}

    def test_resampling_needs_no_antialiasing(self, exported: dict[str, Any]):
        for model in exported["graphs"].values():
            for node in model.graph.node:
                attributes = {a.name: a for a in node.attribute}
                assert "antialias" not in attributes or attributes["antialias"].i == 0

    def test_graphs_are_of_one_opset(self, exported: dict[str, Any]):
        wanted = 22 if exported["dtype"] == torch.bfloat16 else 18
        for model in exported["graphs"].values():
            assert [opset.version for opset in model.opset_import if not opset.domain] == [wanted]

    def test_products_are_in_the_type_asked_for_and_sums_in_fp32(self, exported: dict[str, Any]):
        import onnx

        half = {
            torch.float32: onnx.TensorProto.FLOAT,
            torch.bfloat16: onnx.TensorProto.BFLOAT16,
            torch.float16: onnx.TensorProto.FLOAT16,
        }[exported["dtype"]]
        for name, model in exported["graphs"].items():
            types = types_in(model)
            for node in model.graph.node:
                if node.op_type in PRODUCTS:
                    assert {types[one] for one in node.input if one} == {half}, (name, node.name)
                elif node.op_type in WIDE:
                    assert types[node.input[0]] == onnx.TensorProto.FLOAT, (name, node.name)
            of_border = [*model.graph.input, *model.graph.output]
            assert {types[v.name] for v in of_border} == {onnx.TensorProto.FLOAT}
            assert any(node.op_type in PRODUCTS for node in model.graph.node)

    def test_what_is_read_back_says_what_the_graph_says(
        self, exported: dict[str, Any], whole: Tips
    ):
        if exported["dtype"] == torch.bfloat16:
            pytest.skip("no processor's ONNX Runtime has bf16")
        ort = pytest.importorskip("onnxruntime")
        for part in model_graphs(whole, SIZE):
            if part.name not in exported["files"]:
                continue
            generator = torch.Generator().manual_seed(4)
            given = [torch.rand(tensor.shape, generator=generator) for tensor in part.inputs]
            session = ort.InferenceSession(
                exported["files"][part.name], providers=["CPUExecutionProvider"]
            )
            names = [one.name for one in session.get_inputs()]
            found = session.run(
                None, {n: t.numpy() for n, t in zip(names, given, strict=True)}
            )
            with torch.inference_mode():
                expected = part.module(*given)
            bound = 1e-4 if exported["dtype"] == torch.float32 else 2e-2
            for one, true in zip(found, expected, strict=True):
                assert (torch.as_tensor(one) - true).abs().max() <= bound * true.abs().max()


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_a_typed_graph_keeps_norms_in_fp32_and_leaves_the_model_as_it_was(
    tiny_tips: Tips, dtype: torch.dtype
):
    before = {name: value.clone() for name, value in tiny_tips.state_dict().items()}
    for part in model_graphs(tiny_tips, SIZE):
        typed = type_graph(part, dtype)
        for name, parameter in typed.module.named_parameters():
            of_norm = ".norm" in name
            assert parameter.dtype == (torch.float32 if of_norm else dtype), name
        with torch.inference_mode():
            found, expected = typed.module(*part.inputs), part.module(*part.inputs)
        for one, true in zip(found, expected, strict=True):
            assert one.dtype == torch.float32
            assert (one - true).abs().max() <= 0.03 * true.abs().max()
    after = tiny_tips.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert {value.dtype for value in after.values()} == {torch.float32}


def test_in_fp32_a_graph_is_typed_already(tiny_tips: Tips):
    part = model_graphs(tiny_tips, SIZE)[0]
    assert type_graph(part, torch.float32) is part


def test_norms_and_softmax_bear_what_would_overflow_in_fp16():
    class Large(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(8)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
            return (self.norm(x),)

    x = torch.tensor([[3e4, -3e4, 0.0, 1e4, 2e4, -1e4, 0.0, 5e3]])
    part = ModelGraph("large", Large().requires_grad_(False), (x,))
    (found,) = type_graph(part, torch.float16).module(x)
    torch.testing.assert_close(found, part.module(x)[0], rtol=2e-3, atol=2e-3)


def test_lowering_shares_what_it_does_not_convert(tiny_tips: Tips):
    lowered = lower_module(tiny_tips.backbone, torch.float32)
    ours, theirs = tiny_tips.backbone.norm.weight, lowered.norm.weight
    assert ours.data_ptr() == theirs.data_ptr()


def test_the_graph_of_value_features_holds_one_block_of_the_encoder(tiny_tips: Tips):
    parts = {part.name: part.module for part in model_graphs(tiny_tips, SIZE)}
    count = {name: sum(p.numel() for p in parts[name].parameters()) for name in parts}
    assert count["values"] < count["backbone"] / 2
    blocks = len(tiny_tips.backbone.blocks)
    last = sum(p.numel() for p in tiny_tips.backbone.blocks[blocks - 1].parameters())
    norm = sum(p.numel() for p in tiny_tips.backbone.norm.parameters())
    assert count["values"] == last + norm
