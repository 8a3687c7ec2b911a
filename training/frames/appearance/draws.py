# SPDX-License-Identifier: Apache-2.0
"""Random numbers of each of some frames, drawn on their device."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class Draws:
    """Draws from the device's generator, or from one that is given."""

    def __init__(
        self, count: int, device: torch.device, generator: torch.Generator | None = None
    ) -> None:
        self.count, self.device, self.generator = count, device, generator

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """(count, *shape) between two numbers."""
        return self._empty(shape).uniform_(low, high, generator=self.generator)

    def log_uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """(count, *shape) between two positive numbers, as many in each octave."""
        return self.uniform(math.log(low), math.log(high), *shape).exp_()

    def normal(self, *shape: int) -> Tensor:
        """(count, *shape) of standard deviation 1."""
        return self._empty(shape).normal_(generator=self.generator)

    def sometimes(self, share: float, *shape: int) -> Tensor:
        """(count, *shape) 1 in a share of them, 0 in the others."""
        return self._empty(shape).bernoulli_(share, generator=self.generator)

    def _empty(self, shape: tuple[int, ...]) -> Tensor:
        return torch.empty(self.count, *shape, device=self.device)

    def directions(self, *shape: int) -> Tensor:
        """(count, *shape, 3) unit vectors, all alike probable."""
        drawn = self.normal(*shape, 3)
        return drawn / drawn.norm(dim=-1, keepdim=True).clamp_min(1e-6)

    def rotations(self, upright: float) -> Tensor:
        """(count, 3, 3), of which a share keeps the camera's y axis."""
        turn = self.uniform(0, 6.2832)
        zero, one = torch.zeros_like(turn), torch.ones_like(turn)
        rows = [turn.cos(), zero, turn.sin(), zero, one, zero, -turn.sin(), zero, turn.cos()]
        yaw = torch.stack(rows, dim=-1).view(-1, 3, 3)
        x, other = self.directions(2).unbind(dim=1)
        y = torch.linalg.cross(x, other)
        y = y / y.norm(dim=-1, keepdim=True).clamp_min(1e-6)
        any_way = torch.stack([x, y, torch.linalg.cross(x, y)], dim=1)
        return torch.where(self.sometimes(upright)[:, None, None] > 0, yaw, any_way)
