# SPDX-License-Identifier: Apache-2.0
"""Gradients computed in bf16 teach weights that stay fp32."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.network.half_copy import HalfCopy


class _Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 5, 3).to(memory_format=torch.channels_last)
        self.log_scale = nn.Parameter(torch.tensor(2.659))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x).float().square().mean() * self.log_scale.exp()


@pytest.mark.quick
def test_gradients_come_from_the_newest_weights_and_are_fp32():
    torch.manual_seed(0)
    trained = _Scaled()
    half = HalfCopy(trained)
    with torch.no_grad():
        trained.layer.weight.mul_(3)
    x = torch.randn(2, 3, 9, 9)
    for _ in range(2):  # a second pass does not add to the first
        half.renewed()(x.bfloat16()).backward()
        half.hand_over()
    found = [weight.grad for weight in trained.parameters()]
    trained.zero_grad()
    trained(x).backward()
    for one, weight in zip(found, trained.parameters(), strict=True):
        assert one is not None and one.dtype == torch.float32 and one.stride() == weight.stride()
        assert float((one - weight.grad).norm() / weight.grad.norm()) < 0.02
    copy = half.renewed()
    assert copy.layer.weight.dtype == torch.bfloat16 and copy.log_scale.dtype == torch.float32
