# SPDX-License-Identifier: Apache-2.0
"""On a GPU a frame goes before the first real one; on a CPU none has to."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tips_ros.perception.loading import backends
from tips_ros.perception.loading.load import load_model
from tips_ros.perception.loading.warm_up import warm_up


class Seen:
    """A predictor that only notes what it is given."""

    def __init__(self, device: str) -> None:
        self.device, self.input_size = torch.device(device), (56, 84)
        self.outputs = ("depth", "normals")
        self.frames: list[tuple[tuple[int, ...], tuple[str, ...]]] = []

    def predict(self, rgb: Any, outputs: Any) -> None:
        assert rgb.dtype == "uint8"
        self.frames.append((rgb.shape, outputs))


def test_a_gpu_sees_a_frame_of_each_size_with_all_outputs():
    seen = Seen("cuda:0")
    warm_up(seen, (480, 640), (720, 1280))  # type: ignore[arg-type]
    assert seen.frames == [((480, 640, 3), seen.outputs), ((720, 1280, 3), seen.outputs)]


def test_the_network_s_own_size_goes_where_none_is_known():
    seen = Seen("cuda:0")
    warm_up(seen)  # type: ignore[arg-type]
    assert [shape for shape, _ in seen.frames] == [(56, 84, 3)]


def test_a_cpu_sees_none():
    seen = Seen("cpu")
    warm_up(seen, (480, 640))  # type: ignore[arg-type]
    assert not seen.frames


def test_a_model_that_is_loaded_has_been_warmed_up(monkeypatch: pytest.MonkeyPatch):
    warmed: list[Any] = []
    monkeypatch.setattr(backends, "warm_up", warmed.append)
    loaded = load_model("demo")
    predictor = backends.predictor_by(
        "auto", loaded, device="cpu", dtype=torch.float32, input_size=(56, 56)
    )
    assert warmed == [predictor]
