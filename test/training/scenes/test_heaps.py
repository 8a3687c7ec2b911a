# SPDX-License-Identifier: Apache-2.0
"""Things that are laid on others stand on something flat and go through nothing."""

from __future__ import annotations

import numpy as np
import pytest

from training.scenes.furniture.desk_things import desk_thing
from training.scenes.heaps import laid
from training.scenes.shapes.flat import box, rectangle
from training.scenes.surfaces.material import plain
from training.scenes.things import BOX, FLOOR, SHELF, TABLE, UNLABELLED, Thing

from ..casts_rays import casts_rays

pytestmark = casts_rays

GREY = plain(120, 120, 120)
GROUND = Thing([rectangle((-3, -3, 0), (6, 0, 0), (0, 6, 0))], GREY, FLOOR)
TOP = Thing(box((-1, -0.5, 0.7), (1, 0.5, 0.74)), GREY, TABLE)


def _cube(side: float, high: float = 0.1) -> list[Thing]:
    return [Thing(box((-side / 2, -side / 2, 0), (side / 2, side / 2, high)), GREY, UNLABELLED)]


def _bounds(thing: list[Thing]) -> np.ndarray:
    points = np.concatenate([p.points.reshape(-1, 3) for t in thing for p in t.shape])
    return np.array([points.min(axis=0), points.max(axis=0)])


def test_a_table_carries_things_side_by_side_and_the_floor_none() -> None:
    rng = np.random.default_rng(0)
    found = [_bounds(t) for t in laid(rng, [GROUND, TOP], [lambda _: _cube(0.12)] * 40)]
    assert len(found) > 12
    for low, high in found:
        assert low[2] == pytest.approx(0.74, abs=0.002)
        assert (low[:2] > (-1.01, -0.51)).all() and (high[:2] < (1.01, 0.51)).all()
    for k, (low, high) in enumerate(found):
        for other_low, other_high in found[:k]:
            assert (other_low > high).any() or (other_high < low).any()


def test_what_is_too_large_or_too_high_is_left_out() -> None:
    rng = np.random.default_rng(1)
    assert laid(rng, [GROUND, TOP], [lambda _: _cube(1.2)] * 10) == []
    boards = [Thing(box((-0.2, -0.5, z), (0.2, 0.5, z + 0.02)), GREY, SHELF) for z in (0.5, 0.8)]
    tall = [lambda _: _cube(0.1, 0.4)] * 20
    found = [_bounds(t)[0, 2] for t in laid(rng, [GROUND, *boards], tall)]
    assert found and min(found) > 0.8  # none in the 28 cm between the boards
    low = [lambda _: _cube(0.1, 0.2)] * 60
    found = [_bounds(t)[0, 2] for t in laid(rng, [GROUND, *boards], low)]
    assert min(found) == pytest.approx(0.52, abs=0.002) and max(found) > 0.8


def test_a_thing_stands_on_another_but_not_in_it() -> None:
    rng = np.random.default_rng(2)
    crate = Thing(box((-0.4, -0.4, 0.741), (0.4, 0.4, 0.9)), GREY, BOX)
    found = [_bounds(t) for t in laid(rng, [GROUND, TOP, crate], [lambda _: _cube(0.1)] * 40)]
    assert {round(float(low[2]), 2) for low, _ in found} == {0.74, 0.9}
    for low, high in found:
        if low[2] < 0.8:
            assert (low[:2] > 0.4 - 1e-3).any() or (high[:2] < -0.4 + 1e-3).any()


def test_nothing_is_laid_where_nothing_carries() -> None:
    assert laid(np.random.default_rng(0), [GROUND], [desk_thing] * 5) == []


def test_things_of_desks_are_sound_and_stand_on_zero() -> None:
    rng = np.random.default_rng(4)
    for _ in range(80):
        thing = desk_thing(rng)
        low, high = _bounds(thing)
        assert -0.03 < low[2] < 0.03 and 0 < high[2] < 1.0
        assert (high - low < 1.6).all()
        for part in thing:
            for patch in part.shape:
                assert np.isfinite(patch.points).all()
                lengths = np.linalg.norm(patch.normals, axis=-1)
                np.testing.assert_allclose(lengths, 1, atol=1e-4)
