# SPDX-License-Identifier: Apache-2.0
"""A model as one graph says what the model says, and is made of what every reader knows."""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from tips_ros.model.engines.export import onnx_file
from tips_ros.model.engines.whole_graph import whole_graph
from tips_ros.model.heads import SegmentationHead
from tips_ros.model.tips import HEAD_NAMES, Tips

from .test_typed_graphs import ALLOWED

SIZE = (56, 84)


@pytest.fixture
def image() -> torch.Tensor:
    return torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(2))


@torch.inference_mode()
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("taps", [(0, 1, 2, 3), (1, 1, 2, 3), (0, 2, 1, 1)], ids=str)
def test_it_says_what_the_model_says(
    tiny_tips: Tips, image: torch.Tensor, taps: tuple[int, ...], relu: bool
):
    assert tiny_tips.depth is not None
    tiny_tips.depth.bins = dataclasses.replace(tiny_tips.depth.bins, relu_after_project=relu)
    tiny_tips.taps = taps
    depth, normals, logits = whole_graph(tiny_tips, SIZE).module(image)
    maps = tiny_tips(image, HEAD_NAMES)
    assert maps.depth is not None and maps.normals is not None and maps.segmentation is not None
    torch.testing.assert_close(depth, maps.depth[:, 0], rtol=1e-4, atol=1e-5)
    facing = -F.normalize(maps.normals, dim=1).permute(0, 2, 3, 1)
    torch.testing.assert_close(normals, facing, rtol=1e-3, atol=1e-4)
    expected = maps.segmentation.permute(0, 2, 3, 1)
    torch.testing.assert_close(logits, expected, rtol=1e-3, atol=1e-4)


@torch.inference_mode()
def test_it_has_the_heads_that_the_model_has(tiny_tips: Tips, image: torch.Tensor):
    few = Tips(tiny_tips.backbone, tiny_tips.taps, normals=tiny_tips.normals)
    graph = whole_graph(few, SIZE).module
    assert graph.names == ["normals"] and len(graph(image)) == 1
    with pytest.raises(ValueError, match="no head"):
        whole_graph(Tips(tiny_tips.backbone, tiny_tips.taps), SIZE)
    with pytest.raises(ValueError, match="multiple"):
        whole_graph(few, (57, 84))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_it_is_made_of_what_every_reader_knows(tiny_tips: Tips, dtype: torch.dtype, tmp_path: Path):
    if find_spec("onnxscript") is None or find_spec("onnx") is None:
        pytest.skip("onnxscript is not installed")
    import onnx

    tiny_tips.segmentation = SegmentationHead(64, 32, 3).eval()
    part = whole_graph(tiny_tips, SIZE)
    names = ["depth", "normals", "logits"]
    model = onnx.load(onnx_file(part, tmp_path, dtype, (["images"], names)))
    assert not {node.op_type for node in model.graph.node} - {*ALLOWED, "Clip", "Max", "Neg"}
    assert [one.name for one in model.graph.input] == ["images"]
    assert [one.name for one in model.graph.output] == names
    types = {one.type.tensor_type.elem_type for one in (*model.graph.input, *model.graph.output)}
    assert types == {onnx.TensorProto.FLOAT}
