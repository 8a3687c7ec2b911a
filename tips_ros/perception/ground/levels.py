# SPDX-License-Identifier: Apache-2.0
"""The level of floor that the camera is over, where it sees several: a thick rug, a step, a dock.

One plane through two levels leans. Told apart are levels by the camera's height over each
candidate; where the depth is too uneven for that, all is one level.
"""

from __future__ import annotations

import math

import numpy as np

from tips_ros.perception.ground.cells import BoolArray
from tips_ros.perception.ground.plane import Float64Array
from tips_ros.perception.ground.robust import weighted_quantile

_LOWEST_M, _HIGHEST_M = 0.03, 4.0  # of the camera over a floor
_BIN = 0.012  # of the logarithm of the height
_GAP = 0.15  # of the fullest bin: emptier ones are between levels
_LEVEL_SHARE = 0.08  # of all; what has less is none
_STEP_M, _TABLE_M = 0.08, 0.45  # what is lower by more than the one is a drop
_NEAREST = 0.1  # share of a level that tells how near it is
_FIRST = math.log(_LOWEST_M)
_BINS = int((math.log(_HIGHEST_M) - _FIRST) / _BIN) + 1


def own_level(
    heights: Float64Array, inverse_depth: Float64Array, weight: Float64Array, labelled: bool
) -> BoolArray | None:
    """(N,) the candidates of the camera's level; None where levels can't be told apart.

    Labelled floor begins at the camera's foot: the nearest level is the one that the robot stands
    on, and another below it is a drop. But what is lower by no more than a step is the floor, and
    a rug lies on it; what is lower by far more is the floor, too: labels are wrong, and the nearest
    is a table. Without labels nothing tells a table from a kerb: then it is the lowest.

    Args:
        heights: of the camera over each candidate, metres.
        inverse_depth: 1 / metres.
        weight: of each.
        labelled: whether labels say what is floor.
    """
    bins = ((np.log(np.clip(heights, _LOWEST_M, _HIGHEST_M)) - _FIRST) / _BIN).astype(np.int64)
    counts = np.convolve(np.bincount(bins, weight, _BINS), np.ones(3), "same")
    full = np.concatenate([[False], counts >= _GAP * counts.max(), [False]])
    starts, ends = np.flatnonzero(np.diff(full.astype(np.int8))).reshape(-1, 2).T
    share = np.add.reduceat(np.append(counts, 0.0), np.stack([starts, ends], 1).ravel())[::2]
    heavy = share >= _LEVEL_SHARE * counts.sum()
    starts, ends, share = starts[heavy], ends[heavy], share[heavy]
    if starts.size < 2:
        return None
    members = [(bins >= start) & (bins < end) for start, end in zip(starts, ends, strict=True)]
    chosen = len(members) - 1
    if labelled:
        chosen = int(np.argmax([
            weighted_quantile(inverse_depth[level], weight[level], 1 - _NEAREST)
            for level in members
        ]))  # fmt: skip
        levels = np.exp(_FIRST + _BIN * (starts + ends) / 2)
        below = levels - levels[chosen]
        for lower in range(len(members) - 1, chosen, -1):
            is_step = below[lower] < _STEP_M or below[lower] > _TABLE_M
            if is_step and share[lower] > share[chosen] / 4:
                chosen = lower
                break
    return np.asarray(members[chosen], np.bool_)
