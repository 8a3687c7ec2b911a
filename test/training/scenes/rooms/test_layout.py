# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from training.scenes.furniture.footprint import Footprint
from training.scenes.rooms import groups
from training.scenes.rooms.floor_plan import FloorPlan, Wall
from training.scenes.rooms.layout import furnish
from training.scenes.rooms.recipes import RECIPES

KINDS = sorted(RECIPES)


def furnished(kind: str, seed: int) -> FloorPlan:
    recipe = RECIPES[kind]
    plan = FloorPlan(float(np.mean(recipe.length)), float(np.mean(recipe.width)), 2.6)
    plan.clear.append(Footprint(0, 0.5, 0.8, 1.5, 0))
    furnish(np.random.default_rng(seed), plan, kind)
    return plan


def test_every_name_in_a_recipe_can_be_built() -> None:
    rng = np.random.default_rng(1)
    for recipe in RECIPES.values():
        for name, chance, most in recipe.pieces + recipe.clutter:
            assert 0 < chance <= 1 <= most
            assert groups.named(rng, name)


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_stand_inside_the_room_and_leave_doors_clear(
    kind: str,
) -> None:
    for seed in range(3):
        plan = furnished(kind, seed)
        assert plan.footprints
        for one in plan.footprints:
            assert not one.overlaps(plan.clear[0])
            assert one.x0 >= 0 and one.y0 >= 0
            assert one.x1 <= plan.length and one.y1 <= plan.width


@pytest.mark.quick
def test_floor_is_taken_once() -> None:
    plan = FloorPlan(4.0, 3.0, 2.5)
    plan.footprints.append(Footprint(1, 1, 2, 2, 0.8))
    assert not plan.is_free([Footprint(1.9, 1.9, 2.5, 2.5, 1)])
    assert not plan.is_free([Footprint(3.5, 2.0, 4.1, 2.5, 1)])  # through the wall
    assert plan.is_free([Footprint(2.1, 1.0, 2.6, 2.0, 1)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_part_of_the_floor_stays_free(kind: str) -> None:
    for seed in range(3):
        assert furnished(kind, seed).share_taken < 0.75


def test_a_wall_shows_its_things_to_the_room() -> None:
    plan = FloorPlan(4.0, 3.0, 2.5)
    for wall in plan.walls:
        x, y = wall.at(wall.length / 2, out=0.1)
        assert 0 < x < plan.length and 0 < y < plan.width
        on_wall = wall.at(wall.length / 2)
        assert (
            min(abs(on_wall[0]), abs(on_wall[0] - 4), abs(on_wall[1]), abs(on_wall[1] - 3)) < 1e-9
        )


def test_a_taken_part_of_a_wall_is_not_found_again() -> None:
    rng, wall = np.random.default_rng(2), Wall((0.0, 0.0), 0.0, 3.0)
    wall.take(1.5, 2.0, 0.0, 2.0)
    assert wall.find(rng, 0.9, 0.0, 1.0) is None
    assert wall.find(rng, 0.9, 2.2, 2.4) is not None


def test_daylight_on_a_wall_shines_into_the_room() -> None:
    for wall in FloorPlan(4.0, 3.0, 2.5).walls:
        light = wall.light(1.5, 0.2, 1.0, 0.8, 2.0)
        way = np.cross(light.edge_u, light.edge_v)
        centre = np.array(light.corner) + np.array(light.edge_u) / 2
        assert way[:2] @ (np.array([2.0, 1.5]) - centre[:2]) > 0
