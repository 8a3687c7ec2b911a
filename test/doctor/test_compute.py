# SPDX-License-Identifier: Apache-2.0
"""PyTorch's part of the report."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from tips_ros.doctor import compute
from tips_ros.doctor.findings import Finding, Status


def findings() -> dict[str, Finding]:
    return {finding.topic: finding for finding in compute.compute().findings}


def test_the_version_and_what_auto_picks_are_this_torch_s():
    found = findings()
    assert found["torch"].value.startswith(torch.__version__)
    assert found["device auto"].value == ("cuda" if torch.cuda.is_available() else "cpu")
    assert "fp32" in found["bf16 on CPU"].value


@pytest.mark.parametrize(("speed_up", "said"), [(0.5, "2.0 times slower"), (2.5, "bf16 pays")])
def test_bf16_is_advised_where_it_is_fast(
    monkeypatch: pytest.MonkeyPatch, speed_up: float, said: str
):
    monkeypatch.setattr(compute, "bf16_speed_up", lambda: speed_up)
    monkeypatch.setattr(compute, "cpu_flags", lambda: {"avx512_bf16", "amx_bf16"})
    value = findings()["bf16 on CPU"].value
    assert said in value and "avx512_bf16 and amx_bf16" in value


def test_each_gpu_has_its_memory_and_its_precisions(monkeypatch: pytest.MonkeyPatch):
    properties = SimpleNamespace(name="Some GPU", total_memory=8 << 30, major=7, minor=5)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    found = findings()
    assert found["cuda:0"].value == "Some GPU, 8.0 GiB, compute 7.5, fp16 and no bf16 in hardware"
    assert found["device auto"].value == "cuda"


def test_a_gpu_that_torch_cannot_use_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(compute, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr(torch.version, "cuda", None)
    assert "install a CUDA build" in findings()["GPU"].advice
    monkeypatch.setattr(compute, "has_nvidia_gpu", lambda: False)
    assert findings()["GPU"].value == "none"


def test_an_old_torch_is_broken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch, "__version__", "2.3.1")
    assert findings()["torch"].status is Status.BROKEN
