# SPDX-License-Identifier: Apache-2.0
"""Things on floors, people in all poses, machines: about the origin, on the floor, of a size."""

from collections.abc import Callable

import numpy as np
import pytest

from training.scenes.furniture import household
from training.scenes.furniture.footprint import measure_footprint
from training.scenes.furniture.people import figures
from training.scenes.furniture.rugs import any_rug, door_mat
from training.scenes.furniture.small import floor_things, toys
from training.scenes.things import CABINET, PERSON, RUG, UNLABELLED, Thing

SEEDS = range(12)
Build = Callable[[np.random.Generator], list[Thing]]

FLAT = ("shoes", "cable", "cup", "papers", "scale", "heap_of_clothes", "floor_cushion", "planks")
SMALL: dict[str, Build] = {name: getattr(floor_things, name) for name in FLAT} | {
    "toy": toys.toy, "bag": floor_things.bag, "bin": floor_things.bin_or_bucket,
    "tool": floor_things.tool, "bottle": floor_things.lying_bottle,
}  # fmt: skip
MACHINES = ("kitchen", "tall_machine", "low_machine", "radiator", "television", "stairs")


def points_of(things: list[Thing]) -> np.ndarray:
    return np.concatenate([p.points.reshape(-1, 3) for t in things for p in t.shape])


def test_anything_on_the_floor_is_low_and_lies_on_it() -> None:
    tops = []
    for seed in range(120):
        things = floor_things.floor_thing(np.random.default_rng(seed))
        points = points_of(things)
        assert np.isfinite(points).all()
        assert -0.01 < points[:, 2].min() < 0.02
        tops.append(points[:, 2].max())
    assert np.quantile(tops, 0.05) < 0.03 and max(tops) < 0.6
    assert np.mean((np.array(tops) > 0.015) & (np.array(tops) < 0.25)) > 0.7


@pytest.mark.parametrize("name", SMALL)
def test_each_kind_differs_from_draw_to_draw_and_has_few_triangles(name: str) -> None:
    shapes = []
    for seed in SEEDS:
        things = SMALL[name](np.random.default_rng(seed))
        x0, y0, x1, y1, top = measure_footprint(things)
        assert max(x1 - x0, y1 - y0) < 2.2 and top < 0.6
        shapes.append(round(float(points_of(things).sum()), 6))
        rows = [p.points.shape for t in things for p in t.shape]
        assert sum(2 * (r - 1) * (c - 1) for r, c, _ in rows) < 4500
        for thing in things:
            for patch in thing.shape:
                np.testing.assert_allclose(np.linalg.norm(patch.normals, axis=-1), 1, atol=1e-4)
    assert len(set(shapes)) > len(SEEDS) // 2


def test_what_has_no_class_is_unlabelled() -> None:
    for name in ("shoes", "cable", "cup", "tool", "scale"):
        assert {t.label for t in SMALL[name](np.random.default_rng(1))} == {UNLABELLED}


def test_people_stand_on_the_floor_in_poses_of_all_heights() -> None:
    tops = []
    for seed in range(60):
        things = figures.figure(np.random.default_rng(seed))
        points = points_of(things)
        assert {thing.label for thing in things} == {PERSON}
        assert abs(points[:, 2].min()) < 0.02 and np.isfinite(points).all()
        assert max(np.ptp(points[:, 0]), np.ptp(points[:, 1])) < 2.2
        tops.append(points[:, 2].max())
    assert min(tops) < 0.7 and 1.6 < max(tops) < 2.4  # one with an arm up reaches highest


@pytest.mark.parametrize("name", MACHINES)
def test_machines_and_kitchens_stand_on_the_floor(name: str) -> None:
    for seed in SEEDS:
        things = getattr(household, name)(np.random.default_rng(seed))
        points = points_of(things)
        assert -0.01 < points[:, 2].min() < 0.2 and points[:, 2].max() < 2.6
        assert {thing.label for thing in things} & {UNLABELLED, CABINET}


def test_rugs_are_flat_and_of_the_size_asked_for() -> None:
    for seed in range(40):
        things = any_rug(np.random.default_rng(seed), 2.0, 1.2)
        x0, y0, x1, y1, top = measure_footprint(things)
        assert {thing.label for thing in things} == {RUG}
        assert 0.003 < top < 0.04
        assert 1.9 < x1 - x0 < 2.2 and 1.1 < y1 - y0 < 2.05
    assert measure_footprint(door_mat(np.random.default_rng(0))).area < 0.6
