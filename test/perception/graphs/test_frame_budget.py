# SPDX-License-Identifier: Apache-2.0
"""The cost of a frame of B/14 with three heads, counted on torch's `meta` device.

640×480 in, all arrays out. Counted is what a GPU would be asked for; views are free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from tips_ros.model.fast.dpt.gpu_decoder import fuse_decoders
from tips_ros.model.fast.gpu.backbone import fuse_backbone
from tips_ros.model.fast.rewrite import rewrite_heads
from tips_ros.model.heads import DepthHead, NormalsHead, SegmentationHead
from tips_ros.model.tips import HEAD_NAMES, Tips
from tips_ros.model.variants import VARIANTS
from tips_ros.model.vit import VisionTransformer
from tips_ros.perception.classes.class_files import ade20k
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.encoded_image import EncodedImage
from tips_ros.perception.graphs import frame_graphs
from tips_ros.perception.graphs.frame_work import FramePlan, FrameWork
from tips_ros.perception.graphs.played_frames import PlayedFrames
from tips_ros.perception.host_transfer import HostTransfer
from tips_ros.perception.predictor import Predictor

from .conftest import Cuda

META = torch.device("meta")
FREE = ("empty", "new_empty", "detach", "alias", "_unsafe_view", "lift_fresh")
SIZE = (480, 640)


class Budget(TorchDispatchMode):
    """Counts what a device is asked for, and the bytes that it reads and writes for that."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.bytes = self.uploads = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        results = [leaf for leaf in tree_leaves(made) if isinstance(leaf, Tensor)]
        name = func.overloadpacket.__name__
        aliases = [of.alias_info for of in func._schema.returns]
        free = name in FREE or any(alias and not alias.is_write for alias in aliases)
        if name == "to":  # in inference mode it comes as it was called, and may copy or not
            free = made is args[0]
        if not free and any(one.device == META for one in (*given, *results)):
            self.asked[name] += 1
            self.uploads += any(one.device != META and one.ndim for one in given)
            self.bytes += sum(one.numel() * one.element_size() for one in (*given, *results))
        return made


@pytest.fixture(scope="module")
def model() -> Tips:
    """B/14 as a GPU with Triton has it."""
    variant = next(one for one in VARIANTS if one.name == "B")
    with torch.device("meta"):
        width = variant.vit.width
        tips = Tips(
            VisionTransformer(variant.vit),
            variant.taps,
            depth=DepthHead(width, 256),
            normals=NormalsHead(width, 256),
            segmentation=SegmentationHead(width, 256, 150),
        )
    fast = rewrite_heads(tips.to(torch.bfloat16), early="gpu")
    fast.backbone = fuse_backbone(fast.backbone)
    return fuse_decoders(fast)


@pytest.fixture
def predictor(model: Tips, cuda: Cuda, monkeypatch: pytest.MonkeyPatch) -> Predictor:
    vit = model.backbone.config
    description = ModelDescription("b", "b", (448, 448), ade20k(), vit)
    made = Predictor(model, description, device="meta", dtype=torch.bfloat16, backend="graphs")
    made._played = PlayedFrames(model, description, (448, 448), torch.bfloat16, META)
    monkeypatch.setattr(frame_graphs, "_alike", lambda *_: True)
    return made


def work_of(predictor: Predictor, plans: Sequence[FramePlan]) -> FrameWork:
    model, description = predictor.model, predictor.description
    return FrameWork(model, description, predictor.input_size, predictor.dtype, plans)


def test_outside_its_graph_a_frame_is_a_dozen_steps_at_most(
    predictor: Predictor, cuda: Cuda, monkeypatch: pytest.MonkeyPatch
):
    fetched: list[Tensor] = []
    waits: list[int] = []

    def to_host(
        _: HostTransfer, seen: EncodedImage, make: Callable[[], Sequence[Tensor | None]]
    ) -> list[NDArray[Any] | None]:
        made = make()
        waits.append(1)
        fetched.extend(one for one in made if one is not None)
        empty = [None if m is None else torch.zeros(m.shape[1:], dtype=m.dtype) for m in made]
        return [None if one is None else one.numpy() for one in empty]

    monkeypatch.setattr(HostTransfer, "to_host", to_host)
    picture = np.zeros((*SIZE, 3), np.uint8)
    predictor.predict(picture)  # records
    for graph in cuda.graphs:
        graph.operations = []
    for written in (fetched, waits, cuda.asked):
        written.clear()
    with Budget() as budget:
        prediction = predictor.predict(picture)
    assert all(array is not None and array.shape[:2] == SIZE for array in prediction)
    played = cuda.asked.count("a graph is played")
    launches = sum(budget.asked.values()) + played + len(fetched)
    moved = budget.bytes + sum(one.numel() * one.element_size() for one in fetched)
    assert (played, len(waits), budget.uploads) == (1, 1, 1), budget.asked
    assert 5 <= launches <= 12, budget.asked
    assert 10e6 < moved <= 60e6


def test_the_pass_of_b_14_with_three_heads_costs_620_gflop_at_most(predictor: Predictor):
    plan = FramePlan(SIZE, SIZE, frozenset(HEAD_NAMES), evidence=True, value_features=False)
    work = work_of(predictor, [plan])
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        work(torch.zeros(work.bytes, dtype=torch.uint8, device=META))
    assert 500e9 < counter.get_total_flops() <= 620e9


def test_nothing_in_a_frame_s_work_makes_the_host_wait_or_comes_from_it(predictor: Predictor):
    """On `meta` whatever would wait raises."""
    plans = [
        FramePlan(SIZE, (240, 320), frozenset(HEAD_NAMES), evidence=True, value_features=True),
        FramePlan((300, 400), (300, 400), frozenset(["depth"]), False, False),
    ]
    work = work_of(predictor, plans)
    pixels = torch.zeros(work.bytes, dtype=torch.uint8, device=META)
    with torch.no_grad(), Budget() as budget:
        work(pixels)
        work(pixels)
    assert budget.uploads == 0, budget.asked


def test_no_step_of_the_encoder_is_there_twice_for_want_of_fusing(model: Tips):
    """A block: two norms, attention, four products, an activation, two scaled sums."""
    with torch.no_grad(), Budget() as budget:
        model.backbone(torch.zeros(1, 3, 448, 448, dtype=torch.bfloat16, device=META), model.taps)
    blocks = len(model.backbone.blocks)
    of_blocks = {"addmm": 4 * blocks, "addcmul": 2 * blocks, "gelu": blocks}
    for name, most in of_blocks.items():
        assert 0 < budget.asked[name] <= most + 1, budget.asked
    # Attention, for which `meta` has no kernel, scales queries and keys.
    assert budget.asked["mul"] <= 2 * blocks, "LayerScale is part of the sum"
