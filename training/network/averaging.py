# SPDX-License-Identifier: Apache-2.0
"""The average of the weights over the last steps, which is steadier than any one of them."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class Average:
    """An exponential moving average of a module's weights, in a module of its own.

    Attributes:
        module: the average, for evaluation and export; never trained itself.
    """

    def __init__(self, trained: nn.Module, decay: float) -> None:
        """Starts at what the module's weights are now.

        Args:
            trained: whose weights are averaged.
            decay: share of the average that each step keeps; less in the first steps.
        """
        self.module = copy.deepcopy(trained).requires_grad_(False)
        self._trained, self._decay = trained, decay

    @torch.no_grad()
    def step(self, number: int) -> None:
        """Takes in the weights after step `number`, counted from 1."""
        keep = min(self._decay, number / (number + 10))
        torch._foreach_lerp_(_weights(self.module), _weights(self._trained), 1 - keep)


def _weights(module: nn.Module) -> list[Tensor]:
    return [weight.detach() for weight in module.state_dict().values()]
