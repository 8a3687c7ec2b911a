# SPDX-License-Identifier: Apache-2.0
"""Fuller rooms hold more than the lived-in ones, which stay as they are, pictures and all."""

from __future__ import annotations

import numpy as np
import pytest

from training.render_frames import scene_frames
from training.scenes.fuller_room import fuller_scene
from training.scenes.lived_in import lived_in_scene
from training.scenes.scene import Scene
from training.scenes.seeds import HELD_OUT, LIVED_IN_MORE, TRAINING
from training.scenes.things import NAMES, UNLABELLED

from ..casts_rays import casts_rays

pytestmark = casts_rays

SEEDS = (4001, 4003, 4006, 4011)
# Means of depth and brightness of the twelve pictures of rooms that were learnt from before.
OLD = {1: (1.6809, 145.453), 3: (2.0689, 142.569)}


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [fuller_scene(seed) for seed in SEEDS]


def test_all_of_the_lived_in_room_is_there_and_much_besides(scenes: list[Scene]) -> None:
    more = []
    for seed, scene in zip(SEEDS, scenes, strict=True):
        before = lived_in_scene(seed)
        for one, other in zip(before.things, scene.things, strict=False):
            np.testing.assert_array_equal(one.shape[0].points, other.shape[0].points)
        assert scene.lights == before.lights
        more.append(len(scene.things) - len(before.things))
    assert min(more) > 0 and np.mean(more) > 40


def test_what_is_added_is_sound_and_in_the_room(scenes: list[Scene]) -> None:
    for seed, scene in zip(SEEDS, scenes, strict=True):
        plan = scene.plan
        assert plan.looked_at
        for thing in scene.things[len(lived_in_scene(seed).things) :]:
            assert thing.label in {*NAMES, UNLABELLED}
            for patch in thing.shape:
                assert np.isfinite(patch.points).all() and np.isfinite(patch.uv).all()
                inside = patch.points > (-0.6, -0.6, -0.01)
                inside &= patch.points < (plan.length + 0.6, plan.width + 0.6, plan.height + 0.01)
                assert inside.all()


def test_a_number_makes_one_room(scenes: list[Scene]) -> None:
    again = fuller_scene(SEEDS[0])
    for one, other in zip(again.things, scenes[0].things, strict=True):
        np.testing.assert_array_equal(one.material.albedo, other.material.albedo)
        np.testing.assert_array_equal(one.shape[0].points, other.shape[0].points)


def test_only_rooms_that_were_never_used_are_fuller() -> None:
    assert LIVED_IN_MORE.start == 4000 and set(LIVED_IN_MORE) < set(TRAINING)
    assert not set(LIVED_IN_MORE) & set(HELD_OUT)


@pytest.mark.parametrize("seed", OLD)
def test_the_pictures_of_older_rooms_are_the_same_as_ever(seed: int) -> None:
    frames = scene_frames(seed, 12)
    depth = np.mean([np.nan_to_num(frame.depth_m).mean() for frame in frames])
    assert float(depth) == pytest.approx(OLD[seed][0], abs=2e-4)
    assert float(np.mean([f.rgb.mean() for f in frames])) == pytest.approx(OLD[seed][1], abs=0.02)
