# SPDX-License-Identifier: Apache-2.0
"""Number of different things in a picture: by what a viewpoint is chosen."""

from __future__ import annotations

import numpy as np


def count_things(labels: np.ndarray, least: float, most: float, price: float) -> float:
    """Classes that fill more than a share of the picture, less a price where one fills it alone.

    Args:
        labels: (h, w) ids below 256.
        least: share of the picture that a thing is seen from.
        most: share that one thing may fill for nothing.
        price: things, for all of the picture beyond that.
    """
    shares = np.bincount(labels.ravel(), minlength=256) / labels.size
    return float(np.count_nonzero(shares > least) - price * max(shares.max() - most, 0))
