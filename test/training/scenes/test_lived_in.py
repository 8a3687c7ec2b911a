# SPDX-License-Identifier: Apache-2.0
"""Lived-in rooms: sound, lit, each its own, with small things on the floor and much unlabelled."""

import numpy as np
import pytest

from training.render_held_out import low_samples
from training.scenes.camera.render import Renderer
from training.scenes.camera.robot_cameras import robot_viewpoints
from training.scenes.furniture.footprint import measure_footprint
from training.scenes.light.quality import DRAFT
from training.scenes.lived_in import lived_in_scene
from training.scenes.scene import Scene, random_scene
from training.scenes.seeds import HELD_OUT_LOW
from training.scenes.things import CEILING, FLOOR, NAMES, RUG, UNLABELLED, WALL

pytestmark = pytest.mark.slow

SEEDS = range(24)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [lived_in_scene(seed) for seed in SEEDS]


def test_everything_is_sound_and_of_a_known_class_or_of_none(scenes: list[Scene]) -> None:
    for scene in scenes:
        labels = {thing.label for thing in scene.things}
        assert {WALL, FLOOR, CEILING} <= labels <= {*NAMES, UNLABELLED}
        for thing in scene.things:
            assert thing.material.albedo.ndim == 3 and np.isfinite(thing.material.albedo).all()
            for patch in thing.shape:
                assert np.isfinite(patch.points).all() and np.isfinite(patch.uv).all()
                lengths = np.linalg.norm(patch.normals, axis=-1)
                np.testing.assert_allclose(lengths, 1, atol=1e-4)
        assert scene.lights and max(max(light.power) for light in scene.lights) > 0


def test_a_number_makes_one_room_and_not_the_tidy_one(scenes: list[Scene]) -> None:
    again = lived_in_scene(SEEDS[3])
    assert len(again.things) == len(scenes[3].things) and again.lights == scenes[3].lights
    for one, other in zip(again.things, scenes[3].things, strict=True):
        np.testing.assert_array_equal(one.material.albedo, other.material.albedo)
        np.testing.assert_array_equal(one.shape[0].points, other.shape[0].points)
    assert random_scene(SEEDS[3]).plan.length != again.plan.length


def test_small_things_lie_about(scenes: list[Scene]) -> None:
    """From 2 to 20 cm high, on the floor, in most rooms, and without a class for the most part."""
    counts = []
    for scene in scenes:
        prints = [measure_footprint([t]) for t in scene.things if t.label == UNLABELLED]
        small = [one for one in prints if 0.02 < one.top < 0.2]
        counts.append(len(small))
    assert np.mean(np.array(counts) > 0) > 0.6 and max(counts) > 8


def test_there_are_doorways_sun_gloss_and_several_rugs(scenes: list[Scene]) -> None:
    beyond = [
        any(min(measure_footprint([t])[:2]) < -0.5 for t in scene.things)
        or any(measure_footprint([t]).x1 > scene.plan.length + 0.5 for t in scene.things)
        or any(measure_footprint([t]).y1 > scene.plan.width + 0.5 for t in scene.things)
        for scene in scenes
    ]
    assert 0.2 < np.mean(beyond) < 0.95
    assert any(scene.sun for scene in scenes) and not all(scene.sun for scene in scenes)
    floors = [t.material.gloss for scene in scenes for t in scene.things if t.label == FLOOR]
    assert 0.2 < np.mean(np.array(floors) > 0) < 0.9
    assert max(sum(t.label == RUG for t in scene.things) for scene in scenes) >= 3


def test_a_floor_is_a_floor_whatever_its_pattern(scenes: list[Scene]) -> None:
    """A fitted carpet may look as a rug does; that it reaches to the walls makes it a floor."""
    for scene in scenes:
        grounds = [measure_footprint([t]) for t in scene.things if t.label == FLOOR]
        assert any(
            g.x1 - g.x0 > 0.99 * scene.plan.length and g.y1 - g.y0 > 0.99 * scene.plan.width
            for g in grounds
        )


def test_robots_look_from_low_and_from_high(scenes: list[Scene]) -> None:
    heights, pitches = [], []
    for index, scene in enumerate(scenes[:12]):
        for view in robot_viewpoints(np.random.default_rng(index), scene.plan, scene.sight, 8):
            place, ahead = view.world_from_camera[:3, 3], view.world_from_camera[:3, 2]
            assert 0 <= place[0] <= scene.plan.length and 0 <= place[1] <= scene.plan.width
            assert scene.sight.distance(place) > 0.05
            heights.append(place[2])
            pitches.append(np.degrees(np.arcsin(ahead[2])))
    assert 0.12 <= min(heights) < 0.2 and 1.3 < max(heights) <= 1.6
    assert 0.35 < np.mean(np.array(heights) < 0.5) < 0.65
    assert -30.01 <= min(pitches) < -20 and 10 < max(pitches) <= 20.01


def test_a_view_from_low_is_rendered_with_its_truth() -> None:
    sample = low_samples(HELD_OUT_LOW.start)[0]
    assert sample.rgb.shape == (480, 640, 3) and sample.rgb.std() > 5
    assert 0.12 <= sample.world_from_camera[2, 3] <= 0.5
    assert np.isfinite(sample.depth_m).mean() > 0.95
    assert sample.depth_m[np.isfinite(sample.depth_m)].min() > 0.05


def test_rendering_a_lived_in_room_again_gives_the_same_picture(scenes: list[Scene]) -> None:
    scene = scenes[5]
    view = robot_viewpoints(np.random.default_rng(1), scene.plan, scene.sight, 1)[0]
    camera = view.camera(64, 48)
    one, other = (
        Renderer(scene.things, scene.lights, DRAFT, scene.sun).render(
            camera, view.world_from_camera, 3
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.rgb, other.rgb)
    np.testing.assert_array_equal(one.depth_m, other.depth_m)
