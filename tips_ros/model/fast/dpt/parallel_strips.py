# SPDX-License-Identifier: Apache-2.0
"""Strips of a map by several threads, each from its first step to its last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from tips_ros.model.split_batch import run_shares

Made = TypeVar("Made")


def run_strips(
    work: Callable[[slice], Sequence[Made]], count: int, device: torch.device, dtype: torch.dtype
) -> list[Made]:
    """Runs `work` on all strips and returns its results in their order.

    In fp32 on a CPU the strips are shared among threads: products as small as theirs gain little
    when threads share each of them. In bf16 they gain all there is.

    Args:
        work: makes something of some strips, on this device and in this dtype; called from several
            threads at a time.
        count: of strips.
        device, dtype: of the map.
    """
    if device.type == "cpu" and dtype == torch.float32:
        return run_shares(work, count)
    return list(work(slice(0, count)))
