# SPDX-License-Identifier: Apache-2.0
"""Weights that were computed and are not trained."""

from __future__ import annotations

from torch import Tensor, nn


def frozen_parameter(value: Tensor, like: Tensor) -> nn.Parameter:
    """A value as a parameter, in the dtype and on the device of another."""
    return nn.Parameter(value.to(like.device, like.dtype), requires_grad=False)
