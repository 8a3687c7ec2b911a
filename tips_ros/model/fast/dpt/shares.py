# SPDX-License-Identifier: Apache-2.0
"""Strips of a map by several threads, each from its first step to its last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from tips_ros.model.side_by_side import side_by_side

Made = TypeVar("Made")


def in_shares(
    work: Callable[[slice], Sequence[Made]], count: int, device: torch.device, dtype: torch.dtype
) -> list[Made]:
    """What `work` makes of strips, in their order.

    In fp32 on a CPU the strips are shared among threads: products as small as theirs gain little
    when threads share each of them. In bf16 they gain all there is.

    Args:
        work: makes something of some strips, on this device and in this dtype; called from several
            threads at a time.
        count: of strips.
        device, dtype: of the map.
    """
    if device.type == "cpu" and dtype == torch.float32:
        return side_by_side(work, count)
    return list(work(slice(0, count)))
