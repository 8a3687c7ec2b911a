# SPDX-License-Identifier: Apache-2.0
"""A whole step of the training can be held by a CUDA graph, and learns from any look."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from training.frames.batches import Frames
from training.frames.frame_store import PICTURE, TRUTH
from training.network.architecture import CLASSES, FOR_GPU, VOCABULARY
from training.network.precision import Precision
from training.steps.device_step import DeviceStep
from training.steps.trainer import Model

META = torch.device("meta")
# What waits for the device: its result's shape, or the host, needs to know values.
WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "_unique2", "bincount",
         "multinomial", "item", "is_nonzero", "equal", "repeat_interleave")  # fmt: skip
SIZE = 8


class Captured(TorchDispatchMode):
    """Refuses what a CUDA graph can't hold: waits, and what comes from the host or goes there."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        made = func(*args, **(kwargs or {}))
        leaves = [leaf for leaf in tree_leaves((args, kwargs, made)) if isinstance(leaf, Tensor)]
        assert name not in WAITS, f"{name} waits for the device"
        if name.startswith(("index", "_index")):
            by = [leaf for leaf in tree_leaves(args[1:2]) if isinstance(leaf, Tensor)]
            assert all(leaf.dtype == torch.int64 for leaf in by), f"{name} by a mask waits"
        on_host = [tuple(leaf.shape) for leaf in leaves if leaf.device != META]
        assert not on_host, f"{name} has tensors on the host: {on_host}"
        self.asked[name] += 1
        return made


def _frames(count: int, device: torch.device) -> Frames:
    def drawn(*shape: int, low: int, high: int, kind: torch.dtype) -> Tensor:
        return torch.randint(low, high, (count, *shape), device=device).to(kind)

    classes = drawn(TRUTH, TRUTH, low=0, high=len(CLASSES) + 1, kind=torch.uint8)
    return Frames(
        drawn(PICTURE, PICTURE, 3, low=0, high=256, kind=torch.uint8),
        drawn(TRUTH, TRUTH, low=0, high=9, kind=torch.float16),
        drawn(TRUTH, TRUTH, 3, low=-127, high=128, kind=torch.int8),
        torch.where(classes == len(CLASSES), 255, classes),
        torch.full((count,), 0.8, device=device),
    )


def _step(device: torch.device, precision: Precision, appearance: float, size: int) -> DeviceStep:
    with device:
        model = Model(VOCABULARY, FOR_GPU)
        ids = torch.randint(1, VOCABULARY, (4, len(CLASSES), 6), device=device)
        weights = torch.ones(len(CLASSES))
    model.tips.to(memory_format=torch.channels_last)
    return DeviceStep(model, _frames(4, device), ids, weights, size, precision, appearance)


class Unmade(TorchFunctionMode):
    """Refuses tensors made of the host's numbers, which no dispatch sees on `meta`."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func not in (torch.tensor, torch.as_tensor, torch.from_numpy), func
        return func(*args, **(kwargs or {}))


class Still:
    """PyTorch's own fused AdamW, which has no `meta`."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.state: dict[Any, Any] = {}

    def step(self) -> None:
        """Nothing is moved."""


@pytest.mark.parametrize("grid", [8, 16])
@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize("appearance", [0.75, 0.0])
def test_a_step_neither_waits_nor_asks_the_host(
    grid: int, precision: Precision, appearance: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(torch.optim, "AdamW", Still)
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # has none either
    one = _step(META, precision, appearance, SIZE)
    one._step(grid, (0, 1))  # states of the optimisers are made at their first step
    with Unmade(), Captured() as captured:
        one._step(grid, (0, 1))
    assert captured.asked.total() > 1000
    assert (captured.asked["scatter_add"] > 0) == (appearance > 0)


@pytest.mark.parametrize("spoil", [
    lambda images: images * torch.tensor([1.0, 2.0, 3.0], device=images.device)[:, None, None],
    lambda images: images * torch.tensor([1.0]).to(images.device),
    lambda images: images.masked_select(images > 0.5),
    lambda images: images[images > 0.5],
    lambda images: images.mul_(2) if images.mean() > 0.5 else images,
    lambda images: images.clone().index_put_((images > 0.5,), images.new_zeros(())),
    lambda images: images * images.mean().item(),
    lambda images: images.cpu(),
])  # fmt: skip
def test_what_a_graph_cannot_hold_is_found(spoil: Any):
    images = torch.rand(2, 3, 8, 8, device=META)
    with pytest.raises((AssertionError, RuntimeError, NotImplementedError)), Unmade(), Captured():
        spoil(images)


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_a_step_on_frames_of_noise_is_finite(precision: Precision):
    torch.manual_seed(0)
    one = _step(torch.device("cpu"), precision, 1.0, 4)
    one.count.fill_(4)
    one.rate.fill_(0.1)
    for offset in ((0, 0), (1, 1), (0, 1)):
        one._step(8, offset)
    assert one.sums.isfinite().all() and (one.sums > 0).all()
    assert all(value.isfinite().all() for value in one.state())
