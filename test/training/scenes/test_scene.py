# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from training.scenes.rooms.recipes import RECIPES
from training.scenes.scene import Scene, random_scene
from training.scenes.things import CEILING, FLOOR, NAMES, WALL

SEEDS = range(8)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [random_scene(seed) for seed in SEEDS]


def test_everything_is_of_a_known_class_and_inside_the_room(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert {WALL, FLOOR, CEILING} <= {thing.label for thing in scene.things} <= set(NAMES)
        points = np.concatenate([p.points.reshape(-1, 3) for t in scene.things for p in t.shape])
        assert np.isfinite(points).all()
        inside = (points > -0.05) & (
            points < np.add((scene.plan.length, scene.plan.width, scene.plan.height), 0.05)
        )
        assert inside.all(axis=1).mean() > 0.99


def test_every_scene_is_lit(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert scene.lights
        assert all(min(light.power) >= 0 for light in scene.lights)
        assert max(max(light.power) for light in scene.lights) > 0


def test_one_number_makes_one_scene(scenes: list[Scene]) -> None:
    again = random_scene(SEEDS[2])
    assert again.kind == scenes[2].kind and again.lights == scenes[2].lights
    for one, other in zip(again.things, scenes[2].things, strict=True):
        assert one.label == other.label
        np.testing.assert_array_equal(one.material.albedo, other.material.albedo)
        for a, b in zip(one.shape, other.shape, strict=True):
            np.testing.assert_array_equal(a.points, b.points)


def test_rooms_of_all_kinds_make_up_the_whole(scenes: list[Scene]) -> None:
    assert sum(recipe.share for recipe in RECIPES.values()) == pytest.approx(1)
    assert {scene.kind for scene in scenes} <= set(RECIPES)
