# SPDX-License-Identifier: Apache-2.0
"""Cameras in somebody's hand look down, from near, and at whatever there is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from training import render_frames
from training.scenes.camera import handheld_cameras
from training.scenes.camera.handheld_cameras import (
    HEIGHT_M,
    PITCH_DEG,
    ROLL_DEG,
    handheld_viewpoints,
)
from training.scenes.camera.pose import Viewpoint
from training.scenes.lived_in import lived_in_scene
from training.scenes.scene import Scene
from training.scenes.seeds import LIVED_IN_MORE
from training.scenes.things import FLOOR

from ...casts_rays import casts_rays

pytestmark = casts_rays

SEEDS = (4002, 4007, 4013, 4018)


@pytest.fixture(scope="module")
def seen() -> list[tuple[Scene, Viewpoint]]:
    return [
        (scene, view)
        for scene in map(lived_in_scene, SEEDS)
        for view in handheld_viewpoints(np.random.default_rng(3), scene.plan, scene.sight, 24)
    ]


def test_they_are_held_as_people_hold_them(seen: list[tuple[Scene, Viewpoint]]) -> None:
    pitches, rolls, lenses = [], [], []
    for scene, view in seen:
        pose = view.world_from_camera
        x, y, z = pose[:3, 3]
        assert 0 < x < scene.plan.length and 0 < y < scene.plan.width
        assert HEIGHT_M[0] <= z <= HEIGHT_M[1]
        pitches.append(np.degrees(np.arcsin(pose[2, 2])))
        level = np.cross((0, 0, 1), pose[:3, 2])  # to the left
        rolls.append(90 - np.degrees(np.arccos(pose[:3, 1] @ level / np.linalg.norm(level))))
        lenses.append(view.hfov_deg)
    pitches = np.array(pitches)
    assert pitches.min() >= PITCH_DEG[0] - 0.01 and pitches.max() <= PITCH_DEG[1] + 0.01
    assert np.mean((pitches > -36) & (pitches < -4)) > 0.5
    assert np.abs(rolls).max() <= ROLL_DEG + 0.01 and np.mean(np.abs(rolls) > 5) > 0.08
    assert np.mean((np.array(lenses) > 55) & (np.array(lenses) < 75)) > 0.75


def test_they_are_near_and_often_see_no_floor_or_little_else(
    seen: list[tuple[Scene, Viewpoint]],
) -> None:
    medians, floors, nearest = [], [], []
    for scene, view in seen:
        depth, labels = scene.sight.look(view.world_from_camera, view.hfov_deg)
        medians.append(np.median(depth))
        nearest.append(depth.min())
        floors.append(np.mean(labels == FLOOR))
    assert np.mean(np.array(medians) < 2) > 0.6 and np.mean(np.array(medians) < 1) > 0.1
    assert np.mean(np.array(nearest) > 0.1) > 0.97
    assert 0.2 < np.mean(np.array(floors) < 0.02) < 0.8
    assert np.mean(np.array(floors) > 0.5) > 0.04


def test_the_same_numbers_make_the_same_views() -> None:
    scene = lived_in_scene(SEEDS[0])
    first, again = (
        handheld_viewpoints(np.random.default_rng(5), scene.plan, scene.sight, 3) for _ in range(2)
    )
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.world_from_camera, other.world_from_camera)


@pytest.mark.parametrize(("seed", "held"), [(LIVED_IN_MORE[0] - 1, 0), (LIVED_IN_MORE[0] + 1, 2)])
def test_half_of_the_views_of_new_rooms_are_held_and_none_of_the_old_ones(
    seed: int, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def noted(*args: object) -> list[Viewpoint]:
        asked.append(int(args[-1]))  # type: ignore[call-overload]
        return real(*args)  # type: ignore[arg-type]

    real: Callable[..., list[Viewpoint]] = handheld_cameras.handheld_viewpoints
    monkeypatch.setattr(render_frames, "handheld_viewpoints", noted)
    assert len(render_frames.scene_frames(seed, 4)) == 4
    assert asked == [held]
