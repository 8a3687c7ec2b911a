# SPDX-License-Identifier: Apache-2.0
"""Weights are moved as by torch's optimisers, at a rate that is a tensor."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.steps.graph_optimisers import MATRIX_DECAY, MATRIX_RATE, BatchedMuon, GraphOptimisers

SHAPES = [(12, 8), (6, 10), (12, 8), (10, 6), (12, 8)]


def _matrices() -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(1)
    return [nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


def test_matrices_move_as_muon_moves_them_one_by_one():
    ours, theirs = _matrices(), _matrices()
    muon = BatchedMuon(ours, torch.tensor(0.5))
    reference = torch.optim.Muon(
        theirs, lr=0.5 * MATRIX_RATE, weight_decay=MATRIX_DECAY, adjust_lr_fn="match_rms_adamw"
    )
    start = [matrix.detach().clone() for matrix in ours]
    generator = torch.Generator().manual_seed(2)
    for _ in range(4):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn(one.shape, generator=generator)
            other.grad = one.grad.clone()
        muon.step()
        reference.step()
    for one, other, before in zip(ours, theirs, start, strict=True):
        moved, apart = (other - before).detach().norm(), (one - other).detach().norm()
        assert float(apart / moved) < 0.02  # both orthogonalise in bf16


def _one_step(model: nn.Module, optimisers: GraphOptimisers, factor: float = 1.0) -> None:
    optimisers.zero_grad()
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(3))
    (factor * model(x).square().mean()).backward()
    optimisers.step()


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(4)
    return nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.Linear(6, 2))


def test_nothing_moves_before_the_rate_is_raised(model: nn.Module):
    optimisers = GraphOptimisers(model)
    before = [weight.detach().clone() for weight in model.parameters()]
    _one_step(model, optimisers)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))
    optimisers.rate.fill_(1)
    _one_step(model, optimisers)
    assert not any(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))


def test_a_state_that_is_put_back_goes_on_as_before(model: nn.Module):
    optimisers = GraphOptimisers(model)
    optimisers.rate.fill_(1)
    _one_step(model, optimisers)
    state = [*(w.detach() for w in model.parameters()), *optimisers.state()]
    kept = [value.clone() for value in state]
    _one_step(model, optimisers)
    once = [weight.detach().clone() for weight in model.parameters()]
    _one_step(model, optimisers, factor=1e6)
    for now, before in zip(state, kept, strict=True):
        now.copy_(before)
    _one_step(model, optimisers)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), once, strict=True))
