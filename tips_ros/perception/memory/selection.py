# SPDX-License-Identifier: Apache-2.0
"""The answers that are wanted: so many, so good, so new, and so near to a point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.memory.matching import Boxes
from tips_ros.perception.memory.question import Answer

USUAL_COUNT = 10


class Selection(NamedTuple):
    """Limits of answers.

    Attributes:
        most: the most there may be.
        min_score: the least score; 0 is: what fits the words better than all else that is known,
            or was called so.
        since_ns: stamp; what was not seen since then is left out.
        near_m: (3,) in the memory's frame; None for anywhere.
        radius_m: how far from there a thing's box may be.
    """

    most: int = USUAL_COUNT
    min_score: float = 0.0
    since_ns: int = 0
    near_m: tuple[float, float, float] | None = None
    radius_m: float = math.inf

    def check(self) -> None:
        """Raises ValueError for limits that are none."""
        if not 0.0 <= self.min_score <= 1.0:
            raise ValueError(f"min_score {self.min_score:g} must be between 0 and 1")
        if not self.radius_m >= 0.0:
            raise ValueError(f"radius_m {self.radius_m:g} must be 0 or more")
        if self.near_m is not None and not all(map(math.isfinite, self.near_m)):
            raise ValueError(f"near {self.near_m} is no place")


def select(found: Sequence[Answer], limits: Selection) -> list[Answer]:
    """Those within the limits, in their order.

    Raises:
        ValueError: as of `check`.
    """
    limits.check()
    chosen = [one for one in found if one.thing.last_seen_ns >= limits.since_ns]
    if limits.near_m is not None and chosen:
        place = np.array(limits.near_m, np.float64)
        off = distances_m(chosen, place)
        chosen = [one for one, far in zip(chosen, off, strict=True) if far <= limits.radius_m]
    # Where nobody can tell scores, the least of them means nothing.
    least = limits.min_score
    chosen = [
        one
        for one in chosen
        if (one.fits if least == 0 or math.isnan(one.score) else one.score >= least)
    ]
    return chosen[: max(limits.most, 0)]


def distances_m(found: Sequence[Answer], place_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) metres from a point (3,) to the box of each; 0 inside."""
    boxes = Boxes.of_things([one.thing for one in found])
    gap = boxes.gap(np.broadcast_to(place_m, (len(found), 3)))
    return np.asarray(np.linalg.norm(gap, axis=-1))
