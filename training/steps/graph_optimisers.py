# SPDX-License-Identifier: Apache-2.0
"""The optimisers of `optimisers.py` for large batches, in kernels that a CUDA graph can hold.

The host is never waited for: the rate is a tensor, and matrices of one shape are moved at once.
"""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

from training.steps.optimisers import matrices_and_others

# For batches of about 100 pictures, where those of `optimisers.py` are for 8 or 16.
MATRIX_RATE, OTHER_RATE = 2e-3, 1e-3
MATRIX_DECAY, OTHER_DECAY = 0.05, 0.01
_MOMENTUM = 0.95
_QUINTIC = (3.4445, -4.7750, 2.0315)  # torch.optim.Muon's
_ROUNDS, _EPS = 5, 1e-7


class GraphOptimisers:
    """Muon for the matrices, AdamW for the rest.

    Attributes:
        rate: () fraction of the full rate; fill it to change it.
    """

    def __init__(self, modules: nn.Module) -> None:
        """Begins at rate 0."""
        matrices, others = matrices_and_others(modules)
        device = others[0].device
        self.rate = torch.zeros((), device=device)
        self._other_rate = torch.zeros((), device=device)
        self._parameters = [*matrices, *others]
        self._muon = BatchedMuon(matrices, self.rate)
        self._adam = torch.optim.AdamW(
            others,
            lr=self._other_rate,
            weight_decay=OTHER_DECAY,
            betas=(0.9, 0.98),
            fused=True,
            capturable=device.type == "cuda",
        )

    def step(self) -> Tensor:
        """Moves the weights along their gradients; returns the gradient's norm, ()."""
        norm = nn.utils.clip_grad_norm_(self._parameters, 1.0)
        torch.mul(self.rate, OTHER_RATE, out=self._other_rate)
        self._muon.step()
        self._adam.step()
        return norm

    def zero_grad(self) -> None:
        """Forgets the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def state(self) -> list[Tensor]:
        """All that steps change beside the weights, to be copied and put back."""
        adam = [value for state in self._adam.state.values() for value in state.values()]
        return [*self._muon.momenta, *adam]


class BatchedMuon:
    """A torch.optim.Muon that computes all matrices of a shape in one product.

    Attributes:
        momenta: one (n, rows, columns) for each shape.
    """

    def __init__(self, matrices: list[nn.Parameter], rate: Tensor) -> None:
        """Args:
        matrices: to be moved, 2-D.
        rate: () factor on MATRIX_RATE.
        """
        by_shape = defaultdict(list)
        for matrix in matrices:
            by_shape[matrix.shape].append(matrix)
        self._groups, self._rate = list(by_shape.values()), rate
        self.momenta = [matrices[0].new_zeros(len(group), *group[0].shape).detach()
                        for group in self._groups]  # fmt: skip

    @torch.no_grad()
    def step(self) -> None:
        """Moves all matrices along their gradients."""
        rate = self._rate * MATRIX_RATE
        for group, momentum in zip(self._groups, self.momenta, strict=True):
            gradients = torch.stack([matrix.grad for matrix in group])  # type: ignore[arg-type]
            momentum.lerp_(gradients, 1 - _MOMENTUM)
            moves = orthogonal(gradients.lerp(momentum, _MOMENTUM)).float()
            as_adam = 0.2 * max(group[0].shape) ** 0.5  # the root mean square of AdamW's moves
            weights: list[Tensor] = list(group)
            torch._foreach_mul_(weights, 1 - rate * MATRIX_DECAY)
            torch._foreach_sub_(weights, list((moves * (rate * as_adam)).unbind()))


def orthogonal(matrices: Tensor) -> Tensor:
    """(n, rows, columns) → bf16 matrices with about the same directions, all equally strong."""
    a, b, c = _QUINTIC
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.bfloat16()
    x = x.transpose(1, 2) if tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(_EPS)
    for _ in range(_ROUNDS):
        gram = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.transpose(1, 2) if tall else x
