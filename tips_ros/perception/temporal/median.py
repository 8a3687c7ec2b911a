# SPDX-License-Identifier: Apache-2.0
"""Median of a few thousand numbers, as numpy's, in half of its time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def median_of(numbers: NDArray[Any]) -> Any:
    """Median of one or more floats in an array of any shape, none of them NaN, of their type.

    A frame asks for a dozen. numpy's looks for NaN, and sorts for both of the middle ones.
    """
    flat = numbers.ravel()
    middle = len(flat) // 2
    parted = np.partition(flat, middle)
    if len(flat) % 2:
        return parted[middle]
    return (parted[:middle].max() + parted[middle]) / 2
