# SPDX-License-Identifier: Apache-2.0
"""The pieces of furniture are built as the layout of rooms takes them to be."""

import numpy as np
import pytest

from training.scenes.furniture.footprint import measure_footprint
from training.scenes.furniture.pieces import PIECES, on_table
from training.scenes.things import (
    BALL,
    BED,
    BOOK,
    BOTTLE,
    BOX,
    CABINET,
    CHAIR,
    LAMP,
    NAMES,
    PERSON,
    PLANT,
    SHELF,
    SOFA,
    TABLE,
)

SEEDS = range(8)

# The label, and the least and greatest height and longest level side, metres.
EXPECTED = {
    "chair": (CHAIR, (0.7, 1.5), (0.4, 0.9)),
    "office_chair": (CHAIR, (0.8, 1.6), (0.5, 0.9)),
    "armchair": (SOFA, (0.6, 1.1), (0.7, 1.4)),
    "sofa": (SOFA, (0.6, 1.1), (1.3, 3.1)),
    "dining_table": (TABLE, (0.7, 0.8), (1.1, 2.3)),
    "round_table": (TABLE, (0.65, 0.8), (0.7, 1.4)),
    "coffee_table": (TABLE, (0.3, 0.55), (0.45, 1.4)),
    "side_table": (TABLE, (0.4, 0.7), (0.3, 0.6)),
    "desk": (TABLE, (0.7, 0.8), (1.0, 1.9)),
    "wardrobe": (CABINET, (1.7, 2.3), (0.8, 2.4)),
    "sideboard": (CABINET, (0.45, 1.0), (0.7, 2.4)),
    "cabinet": (CABINET, (0.5, 2.0), (0.35, 1.4)),
    "bedside": (CABINET, (0.35, 0.7), (0.3, 0.6)),
    "bookshelf": (SHELF, (0.7, 2.2), (0.55, 2.7)),
    "storage_rack": (SHELF, (1.3, 2.2), (0.7, 1.7)),
    "bed": (BED, (0.5, 1.3), (1.9, 2.5)),
    "person": (PERSON, (1.1, 2.0), (0.4, 1.2)),
    "plant": (PLANT, (0.4, 2.4), (0.2, 2.0)),
    "standing_lamp": (LAMP, (1.2, 1.9), (0.25, 1.0)),
    "table_lamp": (LAMP, (0.15, 0.65), (0.1, 0.5)),
    "box": (BOX, (0.12, 1.6), (0.2, 1.2)),
    "ball": (BALL, (0.15, 0.7), (0.15, 0.7)),
    "bottle": (BOTTLE, (0.15, 0.4), (0.05, 0.6)),
}


def built(name, seed):
    return PIECES[name].build(np.random.default_rng(seed))


def points_of(things):
    patches = [patch.points.reshape(-1, 3) for thing in things for patch in thing.shape]
    return np.concatenate(patches)


@pytest.mark.quick
def test_every_piece_is_expected():
    assert set(PIECES) == set(EXPECTED)


@pytest.mark.parametrize("name", PIECES)
def test_a_piece_stands_on_the_floor_and_has_human_sizes(name):
    label, heights, sides = EXPECTED[name]
    for seed in SEEDS:
        things = built(name, seed)
        x0, y0, x1, y1, top = measure_footprint(things)
        assert abs(points_of(things)[:, 2].min()) < 0.01
        assert heights[0] <= top <= heights[1]
        assert sides[0] <= max(x1 - x0, y1 - y0) <= sides[1]
        assert label in {thing.label for thing in things}
        assert {thing.label for thing in things} <= set(NAMES)


@pytest.mark.parametrize("name", PIECES)
def test_the_same_seed_builds_the_same_piece_and_another_a_different_one(name):
    first, again, other = (points_of(built(name, seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.allclose(first, other)


@pytest.mark.parametrize("name", PIECES)
def test_a_piece_has_sound_and_few_triangles(name):
    for seed in SEEDS:
        count = 0
        for thing in built(name, seed):
            for patch in thing.shape:
                rows, columns, _ = patch.points.shape
                count += 2 * (rows - 1) * (columns - 1)
                assert patch.normals.shape == patch.points.shape
                assert patch.uv.shape == (rows, columns, 2)
                assert np.isfinite(patch.points).all() and np.isfinite(patch.uv).all()
                np.testing.assert_allclose(np.linalg.norm(patch.normals, axis=-1), 1, atol=1e-6)
        assert count <= 4500


@pytest.mark.parametrize("name", ["wardrobe", "sideboard", "cabinet", "bedside", "bookshelf"])
def test_the_front_of_what_stands_at_a_wall_looks_along_x(name):
    """Handles and books are nearer to the front than to the back."""
    for seed in SEEDS:
        things = built(name, seed)
        x0, _, x1, _, _ = measure_footprint(things)
        body = things[0]
        for thing in things[1:]:
            if thing.label == BOOK or len(thing.shape) > 0 and thing.label == CABINET:
                assert points_of([thing])[:, 0].mean() >= (x0 + x1) / 2 - 0.35 * (x1 - x0)
        assert points_of([body])[:, 0].min() == pytest.approx(x0, abs=0.01)


@pytest.mark.parametrize("name", ["chair", "sofa", "armchair", "bed"])
def test_backs_and_heads_are_at_the_smaller_x(name):
    for seed in SEEDS:
        points = points_of(built(name, seed))
        middle = (points[:, 0].min() + points[:, 0].max()) / 2
        high = points[:, 2] > 0.93 * points[:, 2].max()
        assert points[high, 0].mean() < middle


def test_what_is_put_on_tables_is_small():
    for seed in range(40):
        x0, y0, x1, y1, top = measure_footprint(on_table(np.random.default_rng(seed)))
        assert max(x1 - x0, y1 - y0, top) < 0.8
