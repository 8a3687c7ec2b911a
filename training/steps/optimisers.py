# SPDX-License-Identifier: Apache-2.0
"""The optimisers: Muon for the matrices, AdamW for the rest, one learning rate for both."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

_WARM_UP_STEPS = 100
_MATRIX_RATE, _OTHER_RATE = 1e-3, 6e-4
_MATRIX_DECAY, _OTHER_DECAY = 0.02, 0.01


class Optimisers:
    """Two optimisers that step together.

    Muon (Jordan et al. 2024) makes each update of a matrix orthogonal; with its rate matched to
    AdamW's root mean square (Liu et al. 2025, arXiv:2502.16982) it needs about half the steps.
    """

    def __init__(self, modules: nn.Module, steps: int, cool_down: float) -> None:
        """Args:
        modules: what is trained.
        steps: how many there will be.
        cool_down: share of them in which the rate falls to zero.
        """
        self._steps, self._cooling = steps, max(1, round(steps * cool_down))
        matrices, others = matrices_and_others(modules)
        self._all = [
            torch.optim.Muon(
                matrices,
                lr=_MATRIX_RATE,
                weight_decay=_MATRIX_DECAY,
                adjust_lr_fn="match_rms_adamw",
            ),
            torch.optim.AdamW(others, lr=_OTHER_RATE, weight_decay=_OTHER_DECAY, betas=(0.9, 0.98)),
        ]
        self._parameters = [*matrices, *others]

    def rate_at(self, step: int) -> float:
        """Fraction of the full rate: up at the start, flat, and down to zero at the end."""
        return min(1.0, (step + 1) / _WARM_UP_STEPS, (self._steps - step) / self._cooling)

    def step(self, step: int) -> float:
        """Moves the weights along their gradients, which it clears; returns the gradient's norm."""
        norm = nn.utils.clip_grad_norm_(self._parameters, 1.0)
        for optimiser, rate in zip(self._all, (_MATRIX_RATE, _OTHER_RATE), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate * self.rate_at(step)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        return float(norm)

    def state_dict(self) -> list[dict[str, Any]]:
        """State that a later run needs to go on."""
        return [optimiser.state_dict() for optimiser in self._all]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        """Goes on where `state_dict` was taken."""
        for optimiser, state in zip(self._all, states, strict=True):
            optimiser.load_state_dict(state)


def matrices_and_others(modules: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The parameters that Muon moves, and those that AdamW does."""
    matrices, others = [], []
    for name, parameter in modules.named_parameters():
        is_matrix = parameter.ndim == 2 and "embedding" not in name
        (matrices if is_matrix else others).append(parameter)
    return matrices, others
