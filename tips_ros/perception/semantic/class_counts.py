# SPDX-License-Identifier: Apache-2.0
"""Counts the pixels of each class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_AT_A_TIME = 1 << 20  # NumPy counts in 8 bytes a pixel


def class_counts(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(H, W) class ids → (256,) how many pixels have each."""
    flat = labels.ravel()
    counts = np.zeros(256, np.int64)
    for start in range(0, flat.size, _AT_A_TIME):
        counts += np.bincount(flat[start : start + _AT_A_TIME], minlength=256)
    return counts
