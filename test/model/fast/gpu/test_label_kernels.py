# SPDX-License-Identifier: Apache-2.0
"""The kernels for labels say what torch says on a CPU: interpreted, and compiled for each GPU.

Triton comes with torch's builds for CUDA. On other machines these tests need it by itself, a wheel
of 290 MB that becomes 1 GB: too much for everybody who tests.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

import tips_ros.model.fast.gpu as package
from tips_ros.model.fast.gpu import kernels as gpu_kernels
from tips_ros.model.fast.gpu import labels
from tips_ros.model.fast.gpu.kernels import triton_is_there
from tips_ros.model.fast.gpu.labels import labels_by_kernels, launch_label_kernels
from tips_ros.perception.semantic.dense_labels import dense_label_map
from tips_ros.perception.semantic.segmentation import label_map_at

from ....import_again import import_again
from ..compile_kernels import compile_for_all

KERNELS = Path(package.__path__[0]) / "label_kernels.py"
with_triton = pytest.mark.skipif(not triton_is_there(), reason="Triton is not installed")


@pytest.fixture
def interpreted() -> ModuleType:
    """The kernels as Triton's interpreter runs them, on the CPU."""
    return import_again(KERNELS, "interpreted_kernels")


def logits_of(b: int, k: int, h: int, w: int, dtype: torch.dtype, last: bool) -> Tensor:
    made = torch.randn(b, k, h, w, generator=torch.Generator().manual_seed(k + h)) * 3
    return made.to(dtype, memory_format=torch.channels_last if last else torch.contiguous_format)


@with_triton
@pytest.mark.parametrize(
    ("shape", "size", "dtype", "last"),
    [
        ((1, 150, 5, 6), (11, 17), torch.bfloat16, True),
        ((2, 33, 4, 3), (9, 40), torch.float32, False),
        ((1, 1, 3, 3), (5, 5), torch.float32, True),
        ((1, 256, 2, 5), (2, 5), torch.float16, True),
        ((1, 7, 12, 12), (5, 4), torch.float32, True),
        ((1, 5, 1, 1), (3, 2), torch.float32, True),
    ],
    ids=str,
)
def test_they_say_what_a_cpu_says(
    interpreted: ModuleType, shape: Any, size: Any, dtype: torch.dtype, last: bool
):
    logits = logits_of(*shape, dtype, last)
    found, sure = launch_label_kernels(interpreted, logits, size)
    for expected in (label_map_at(logits, size), dense_label_map(logits, size)):
        assert (found == expected.labels).float().mean() >= 0.995, "but where two are as likely"
        off = (sure.int() - expected.confidence.int()).abs()
        assert (off[found == expected.labels] <= 1).all()


@with_triton
@pytest.mark.parametrize("classes", [3, 17, 150])
def test_what_lies_behind_the_classes_of_a_pixel_is_read_and_not_seen(
    interpreted: ModuleType, classes: int
):
    held = torch.full((1, 4, 5, -(-classes // 32) * 32), float("nan"))
    held[..., :classes] = logits_of(1, classes, 4, 5, torch.float32, False).permute(0, 2, 3, 1)
    logits = held.permute(0, 3, 1, 2)[:, :classes]
    assert labels._is_filled(logits, 32) and not labels._is_filled(logits.contiguous(), 32)
    assert not labels._is_filled(held.permute(0, 3, 1, 2)[:, 1 : 1 + classes], 32)
    for found, expected in zip(
        launch_label_kernels(interpreted, logits, (9, 7)),
        launch_label_kernels(interpreted, logits.contiguous(), (9, 7)),
        strict=True,
    ):
        torch.testing.assert_close(found, expected)


@with_triton
def test_the_likeliest_class_s_share_is_that_of_the_softmax(interpreted: ModuleType):
    logits = logits_of(2, 40, 6, 8, torch.bfloat16, True)[..., ::2, ::2]
    shares, _ = labels.launch_summary(interpreted, logits)
    torch.testing.assert_close(shares[0].view(2, 3, 4), logits.float().softmax(1).amax(1))


@with_triton
def test_of_classes_that_are_as_likely_the_first_wins(interpreted: ModuleType):
    logits = torch.zeros(1, 40, 3, 3)
    logits[:, 35:37] = 2.0
    found, sure = launch_label_kernels(interpreted, logits, (6, 6))
    assert (found == 35).all() and (sure == 0).all()


@with_triton
@pytest.mark.slow
@pytest.mark.parametrize("logits", ["*bf16", "*fp16", "*fp32"])
def test_they_compile_for_every_gpu_without_one(logits: str):
    types = {"logits": logits, "shares": "*fp32", "lead": "*i32"}
    types |= {"labels": "*u8", "confidence": "*u8"}
    summary, label = (
        dict(zip(("PIXELS", "CLASSES"), tile, strict=True))
        for tile in (labels.SUMMARY_TILE, labels.LABEL_TILE)
    )
    kernels = {
        "summarise_kernel": [types, summary],
        "label_kernel": [types, {**label, "FILLED": True}],
    }
    compile_for_all(KERNELS, kernels)


def test_on_a_cpu_and_without_triton_they_are_not_asked(monkeypatch: pytest.MonkeyPatch):
    logits = torch.zeros(1, 3, 2, 2)
    assert labels_by_kernels(logits, (4, 4)) is None
    monkeypatch.setattr(gpu_kernels, "triton_is_there", lambda: False)
    on_gpu: Any = OnAGpu()
    assert labels_by_kernels(on_gpu, (4, 4)) is None


class OnAGpu:
    """As much of a tensor as is looked at before a kernel is."""

    device = torch.device("cuda")
    shape = (1, 3, 2, 2)

    def stride(self) -> None:
        raise RuntimeError("Failed to find C compiler. Please specify via CC environment variable")


def test_where_triton_can_t_compile_torch_makes_the_labels_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(gpu_kernels, "triton_is_there", lambda: True)
    monkeypatch.setattr(gpu_kernels, "_refused", set())
    name = "tips_ros.model.fast.gpu.label_kernels"
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    on_gpu: Any = OnAGpu()
    assert [labels_by_kernels(on_gpu, (4, 4)) for _ in range(2)] == [None, None]
    assert caplog.text.count("Failed to find C compiler") == 1
