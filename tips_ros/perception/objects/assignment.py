# SPDX-License-Identifier: Apache-2.0
"""Pairs of least cost: which thing of before is which of now."""

from __future__ import annotations

import numpy as np
import scipy  # noqa: F401  missing, it is told of at the start, and not with each frame
from numpy.typing import NDArray

_NEVER = 1e6


def assign(cost: NDArray[np.float64], allowed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The pairs (row, column), each row and column in one at most, with the least cost in all.

    As many pairs as can be.

    Args:
        cost: (N, M) finite.
        allowed: (N, M) the pairs that may be.
    """
    if not allowed.any():
        return []
    from scipy.optimize import linear_sum_assignment  # a part of a second, where things are asked

    rows, columns = linear_sum_assignment(np.where(allowed, cost, _NEVER))
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if allowed[i, j]]
