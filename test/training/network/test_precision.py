# SPDX-License-Identifier: Apache-2.0
"""Half precision is chosen where it is faster, and losses are fp32 all the same."""

from __future__ import annotations

import torch

from training.network import precision
from training.network.precision import casting, faster_precision

CPU = torch.device("cpu")


def _work_of(costs: dict[str, int]):
    def work(kind: str) -> None:
        sum(range(costs[kind]))

    return work


def test_the_faster_one_is_taken(monkeypatch):
    monkeypatch.setattr(precision, "may_use_bf16", lambda device: True)
    assert faster_precision(_work_of({"fp32": 2_000_000, "bf16": 200_000}), CPU) == "bf16"
    assert faster_precision(_work_of({"fp32": 200_000, "bf16": 2_000_000}), CPU) == "fp32"


def test_a_processor_without_bf16_is_not_asked(monkeypatch):
    monkeypatch.setattr(precision, "may_use_bf16", lambda device: False)

    def never(kind: str) -> None:
        raise AssertionError(kind)

    assert faster_precision(never, CPU) == "fp32"


def test_products_are_cast_and_only_within():
    a = torch.rand(4, 4)
    with casting("bf16", CPU):
        assert (a @ a).dtype == torch.bfloat16
    with casting("fp32", CPU):
        assert (a @ a).dtype == torch.float32
    assert (a @ a).dtype == torch.float32
