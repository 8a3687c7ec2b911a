# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from torch import nn

from training.network.averaging import Average


def test_the_average_follows_the_weights_slowly_and_leaves_them_alone():
    trained = nn.Linear(3, 2)
    average = Average(trained, decay=0.9)
    with torch.no_grad():
        trained.weight.fill_(1.0)
        trained.bias.fill_(1.0)
        for weight in average.module.parameters():
            weight.zero_()
    for number in (1000, 1001):
        average.step(number)
    assert average.module.weight.detach().flatten().tolist() == pytest.approx([0.19] * 6)
    assert (trained.weight == 1).all() and not average.module.weight.requires_grad


def test_the_first_steps_are_forgotten_soon():
    trained = nn.Linear(1, 1, bias=False)
    average = Average(trained, decay=0.999)
    with torch.no_grad():
        average.module.weight.fill_(100.0)
        trained.weight.fill_(1.0)
    for number in range(1, 200):
        average.step(number)
    assert float(average.module.weight) == pytest.approx(1, abs=0.05)
