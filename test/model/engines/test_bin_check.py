# SPDX-License-Identifier: Apache-2.0
"""Bins whose centres were rounded are found out, whoever computes depth: pictures don't show it."""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from torch import Tensor

from tips_ros.model.checkpoints import load_dpt_head
from tips_ros.model.depth_bins import DepthBins
from tips_ros.model.engines import Backend, Target, bin_check, select_backend
from tips_ros.model.engines.bin_check import BIN_SHARE, off_centers
from tips_ros.model.engines.engine_model import build_engine_model
from tips_ros.model.engines.model_graphs import DepthGraph, model_graphs
from tips_ros.model.engines.parity import check_parity
from tips_ros.model.fast import rewrite_heads
from tips_ros.model.heads import DepthHead
from tips_ros.model.tips import Tips

module = sys.modules[select_backend.__module__]
SIZE = (56, 56)
HALVES = [torch.bfloat16, torch.float16]


@pytest.fixture(params=[(0.001, 10.0), (0.1, 80.0)], ids=["indoor", "street"])
def tips(request: pytest.FixtureRequest, tiny_tips: Tips) -> Tips:
    """A model of depth alone, with 256 bins as all released ones have."""
    torch.manual_seed(2)
    small = tiny_tips.depth
    assert small is not None
    depth = DepthHead(small.width, 8, 256, DepthBins(*request.param)).requires_grad_(False)
    return Tips(tiny_tips.backbone, tiny_tips.taps, depth=depth)


def round_centers(monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype) -> None:
    """Graphs of depth hold their centres in half precision from here on."""
    exact = DepthGraph.centers

    def rounded(self: DepthGraph, wide: torch.dtype) -> Tensor:
        return exact(self, wide).to(dtype).to(wide)

    monkeypatch.setattr(DepthGraph, "centers", rounded)


def by_graphs(tips: Tips) -> Tips:
    """The model with its parts run as graphs, by torch."""

    def engine(graph: torch.nn.Module) -> Any:
        def run(inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
            with torch.inference_mode():
                return tuple(graph(*inputs))

        return run

    engines = {part.name: engine(part.module) for part in model_graphs(tips, SIZE)}
    return build_engine_model(tips, engines, SIZE)


@pytest.mark.parametrize("relu", [True, False], ids=["relu", "no-relu"])
def test_graphs_as_they_are_have_their_centres(tips: Tips, relu: bool):
    assert tips.depth is not None
    bins = tips.depth.bins
    tips.depth.bins = DepthBins(bins.min_m, bins.max_m, relu_after_project=relu)
    with torch.inference_mode():
        assert off_centers(by_graphs(tips).depth) < BIN_SHARE / 4


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_graphs_with_rounded_centres_are_found_out(
    tips: Tips, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
):
    round_centers(monkeypatch, dtype)
    with torch.inference_mode():
        assert off_centers(by_graphs(tips).depth) > 2 * BIN_SHARE
    verdict = check_parity(by_graphs(tips), tips, SIZE, dtype)
    assert not verdict.passed and "depth's bins: off their centres" in verdict.reason


def test_a_picture_alone_would_not_show_it(tips: Tips, monkeypatch: pytest.MonkeyPatch):
    round_centers(monkeypatch, torch.bfloat16)
    monkeypatch.setattr(bin_check, "BIN_SHARE", 1e9)
    monkeypatch.setattr(sys.modules[check_parity.__module__], "BIN_SHARE", 1e9)
    assert check_parity(by_graphs(tips), tips, SIZE, torch.bfloat16).passed


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, *HALVES], ids=str)
@pytest.mark.parametrize("early", ["plain", True, False, "gpu"])
def test_heads_of_torch_have_their_centres_in_every_precision(
    tips: Tips, dtype: torch.dtype, early: Any
):
    model = tips if early == "plain" else rewrite_heads(tips, early)
    with torch.inference_mode():
        assert off_centers(copy.deepcopy(model).to(dtype).depth) < BIN_SHARE / 4


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_heads_of_torch_with_rounded_centres_are_found_out(
    tips: Tips, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
):
    exact = DepthBins.centers
    monkeypatch.setattr(DepthBins, "centers", lambda *a: exact(*a).to(dtype).float())
    with torch.inference_mode():
        assert off_centers(tips.depth) > 2 * BIN_SHARE
        for early in (True, False, "gpu"):
            assert off_centers(rewrite_heads(tips, early).depth) > 2 * BIN_SHARE


def test_what_is_no_number_is_off_by_more_than_anything(tips: Tips):
    assert tips.depth is not None
    tips.depth.head.bias.data[3] = float("nan")
    with torch.inference_mode():
        assert off_centers(by_graphs(tips).depth) == float("inf")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "dtype"),
    [
        ("compiled", torch.bfloat16),
        ("compiled", torch.float16),
        ("openvino", torch.bfloat16),
        ("openvino", torch.float32),
        ("onnxruntime", torch.float32),
    ],
    ids=str,
)
@pytest.mark.parametrize("rounded", [True, False], ids=["rounded", "exact"])
def test_an_engine_with_rounded_centres_is_refused_and_one_without_serves(
    tiny_tips: Tips,
    monkeypatch: pytest.MonkeyPatch,
    backend: Backend,
    dtype: torch.dtype,
    rounded: bool,
):
    if backend != "compiled" and find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    monkeypatch.setattr(torch, "compile", lambda module, **_: module)  # half a minute else
    torch.manual_seed(2)
    small = tiny_tips.depth
    assert small is not None
    depth = DepthHead(small.width, 8, 256).requires_grad_(False)
    tips = Tips(tiny_tips.backbone, tiny_tips.taps, depth=depth)
    if rounded:
        round_centers(monkeypatch, torch.bfloat16)
    target = Target(torch.device("cpu"), dtype, SIZE)
    found = select_backend(tips, lambda _: tips, backend, target)
    if rounded:
        assert found.backend == "torch" and "off their centres" in found.note
    else:
        assert found.backend == backend and "refused" not in found.note


def test_the_golden_heads_have_theirs(tiny_heads: dict[str, Any]):
    head = load_dpt_head(tiny_heads["depth"])
    with torch.inference_mode():
        assert off_centers(head) < BIN_SHARE
