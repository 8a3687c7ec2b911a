# SPDX-License-Identifier: Apache-2.0
"""Lays things on whatever is flat, level and free: tops, boards of shelves, seats, other things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.camera.sight import Sight
from training.scenes.furniture.footprint import measure_bounds, measure_footprint
from training.scenes.things import (
    BED,
    BOOK,
    BOX,
    CABINET,
    CHAIR,
    SHELF,
    SOFA,
    TABLE,
    UNLABELLED,
    Thing,
    placed,
)  # fmt: skip

Array = NDArray[Any]
Rng = np.random.Generator

_CARRIES = (TABLE, CABINET, SHELF, UNLABELLED, BOOK, BOX)
_SELDOM = (SOFA, BED, CHAIR)
_PLACES = 24  # that are tried for one thing
_LEVEL_M = 0.004
_LIFT_M = 0.006


def laid(
    rng: Rng, there: list[Thing], builds: list[Callable[[Rng], list[Thing]]]
) -> list[list[Thing]]:
    """The things that found a place on those that are there; some of these carry much, most little.

    Args:
        rng: draws the things and their places.
        there: the furnished room; things are laid on its tables, cabinets, shelves, seats.
        builds: each makes a thing about the origin, standing on z = 0.
    """
    carriers = [t for t in there if _carries(rng, t)]
    if not carriers:
        return []
    sight = Sight(there)
    bounds = np.array([measure_bounds([thing]) for thing in carriers])  # (C, 2, 3)
    area = np.prod(bounds[:, 1, :2] - bounds[:, 0, :2], axis=1)
    weights = area * rng.exponential(1, len(area)) ** 2
    result: list[list[Thing]] = []
    taken = np.zeros((0, 2, 3))
    for build in builds:
        thing = build(rng)
        on = bounds[rng.choice(len(bounds), size=_PLACES, p=weights / weights.sum())]
        # From half-way up or from above: boards of a shelf, but also the top of a table.
        high = on[:, 1] + (0, 0, 0.25)
        starts = rng.uniform(on[:, 0], high)
        yaw = float(90 * rng.integers(4) + rng.normal(0, 6) if rng.random() < 0.6
                    else rng.uniform(-180, 180))  # fmt: skip
        at = _free_place(sight, starts, thing, yaw, taken)
        if at is not None:
            moved = placed(thing, *at, yaw)
            taken = np.append(taken, [measure_bounds(moved)], axis=0)
            result.append(moved)
    return result


def _carries(rng: Rng, thing: Thing) -> bool:
    return thing.label in _CARRIES or (thing.label in _SELDOM and rng.random() < 0.3)


def _free_place(
    sight: Sight, starts: Array, thing: list[Thing], yaw: float, taken: Array
) -> Array | None:
    """(3,) the first place below `starts` (N, 3) where it stands level and touches nothing."""
    x0, y0, x1, y1, top = measure_footprint(thing)
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    flat = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) @ np.array([(c, s), (-s, c)])
    down, labels, level = sight.beneath(starts)
    good = np.flatnonzero(level & (down < 1.2) & np.isin(labels, _CARRIES + _SELDOM))
    if not len(good):
        return None
    places = starts[good] - np.outer(down[good], (0, 0, 1))
    corners = places[:, None] + np.append(flat, np.full((4, 1), _LIFT_M), axis=1)  # (N, 4, 3)
    under, _, _ = sight.beneath(corners.reshape(-1, 3))
    fits = (abs(under - _LIFT_M) < _LEVEL_M).reshape(-1, 4).all(axis=1)
    for share in (0.0, 0.4, 0.95):  # around it and across, at several heights
        ring = corners + (0, 0, share * top)
        for turn in (1, 2):
            fits &= ~_crossed(sight, ring, np.roll(ring, -turn, axis=1))
    fits &= ~_crossed(sight, corners, corners + (0, 0, top))
    for place, outline in zip(places[fits], corners[fits], strict=True):
        low, high = outline.min(axis=0) + (0, 0, _LIFT_M), outline.max(axis=0) + (0, 0, top)
        apart = (taken[:, 0] > high).any(axis=1) | (taken[:, 1] < low).any(axis=1)
        if apart.all():
            return np.asarray(place + (0, 0, 0.0005))
    return None


def _crossed(sight: Sight, starts: Array, ends: Array) -> Array:
    """(N,) bool: a surface is on one of the ways (N, K) between these points (N, K, 3)."""
    blocked = sight.blocked(starts.reshape(-1, 3), (ends - starts).reshape(-1, 3))
    return np.asarray(blocked.reshape(starts.shape[:2]).any(axis=1))
