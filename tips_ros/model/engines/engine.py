# SPDX-License-Identifier: Apache-2.0
"""The interface of an engine: one graph that something else than torch has compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class Engine(Protocol):
    """Runs one graph of `parts`, for one image of one size."""

    @property
    def precision(self) -> torch.dtype:
        """The precision of its products, as read from it: it need not be what was asked for."""

    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Inputs fp32 in the graph's shapes → its outputs fp32, in memory that is the caller's."""


class EngineUnavailable(ValueError):
    """An engine that can't be had here; the message names the fix."""
