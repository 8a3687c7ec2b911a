# SPDX-License-Identifier: Apache-2.0
"""Pairs of least cost: which thing of before is which of now."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.libraries import SCIPY

logger = logging.getLogger(__name__)

_NEVER = 1e6


def assign(cost: NDArray[np.float64], allowed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The pairs (row, column), each row and column in one at most, with the least cost in all.

    As many pairs as can be; without SciPy always the cheapest pair that is left.

    Args:
        cost: (N, M) finite.
        allowed: (N, M) the pairs that may be.
    """
    if not allowed.any():
        return []
    solve = _solver()
    if solve is None:
        return _greedy(cost, allowed)
    rows, columns = solve(np.where(allowed, cost, _NEVER))
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if allowed[i, j]]


def _greedy(cost: NDArray[np.float64], allowed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    left, pairs = np.where(allowed, cost, np.inf), []
    while np.isfinite(least := left.min()):
        i, j = (int(one[0]) for one in np.nonzero(left == least))
        pairs.append((i, j))
        left[i], left[:, j] = np.inf, np.inf
    return pairs


@lru_cache(maxsize=1)
def _solver() -> Callable[..., Any] | None:
    try:
        from scipy.optimize import linear_sum_assignment
    except (ImportError, OSError) as error:
        logger.warning(
            "things that stand close together may change ids without SciPy (%s): %s",
            error,
            SCIPY.fix,
        )
        return None
    return linear_sum_assignment
