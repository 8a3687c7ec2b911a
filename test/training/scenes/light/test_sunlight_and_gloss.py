# SPDX-License-Identifier: Apache-2.0
"""Sun through a window and what shiny floors mirror."""

from dataclasses import replace

import numpy as np
import pytest

from training.scenes.camera.pose import optical_pose, pinhole
from training.scenes.camera.render import Renderer
from training.scenes.camera.sensor import Sensor
from training.scenes.light.area_light import AreaLight
from training.scenes.light.quality import DRAFT
from training.scenes.light.rays import Rays
from training.scenes.light.sunlight import Sun, random_sun
from training.scenes.shapes.flat import box, rectangle
from training.scenes.surfaces.material import plain
from training.scenes.things import BOX, FLOOR, WALL, Thing

GREY = plain(120, 120, 120)
# A window in the wall x = 0 that looks along +x: from 1 to 2 m of height, 1 m wide.
PANE = np.array([[0.0, -0.5, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
SUN = Sun(np.array([-1.0, 0.0, 1.0]) / 2**0.5, PANE[None], np.array([3.0, 2.0, 1.0]))
LAMP = AreaLight((0.5, 0.5, 2.9), (0.4, 0, 0), (0, -0.4, 0), (3, 3, 3))
CAMERA = pinhole(48, 36, 70)


def rays(things: list[Thing]) -> Rays:
    renderer = Renderer(things, [])
    return Rays(renderer._mesh.points, renderer._mesh.corners)


def test_the_sun_lights_the_floor_where_it_comes_through_the_window() -> None:
    """At 45 degrees a window from 1 to 2 m of height lights the floor from 1 to 2 m before it."""
    nothing = rays([Thing(box((20, 20, 20), (21, 21, 21)), GREY, BOX)])
    points = np.array([[0.5, 0, 0], [1.5, 0, 0], [2.5, 0, 0], [1.5, 0.8, 0]])
    light = SUN.on(points, np.tile([0.0, 0, 1], (4, 1)), nothing)
    np.testing.assert_allclose(light[1], np.array([3, 2, 1]) / 2**0.5, rtol=1e-5)
    assert (light[[0, 2, 3]] == 0).all()
    turned_away = SUN.on(points[1:2], np.array([[0.0, 0, -1]]), nothing)
    assert (turned_away == 0).all()


def test_what_stands_in_the_sun_throws_a_shadow() -> None:
    block = rays([Thing(box((0.6, -0.2, 0.6), (0.9, 0.2, 1.2)), GREY, BOX)])
    points, up = np.array([[1.5, 0, 0], [1.5, 0.4, 0]]), np.tile([0.0, 0, 1], (2, 1))
    light = SUN.on(points, up, block)
    assert (light[0] == 0).all() and (light[1] > 0).all()


def test_a_random_sun_shines_into_the_room() -> None:
    for seed in range(20):
        sun = random_sun(np.random.default_rng(seed), [PANE], 5.0)
        assert sun is not None and np.linalg.norm(sun.towards) == pytest.approx(1, abs=1e-5)
        assert sun.towards[0] < 0 < sun.towards[2] and len(sun.panes) == 1
    assert random_sun(np.random.default_rng(0), [], 5.0) is None


def _looked_at(floor_gloss: float) -> np.ndarray:
    """A floor before a bright wall, from low."""
    floor = rectangle((0, -2, 0), (4, 0, 0), (0, 4, 0), cell=0.25)
    wall = box((3.9, -2, 0), (4, 2, 2), cell=0.25)
    red = plain(230, 40, 40, glow=1.0)
    things = [Thing([floor], replace(GREY, gloss=floor_gloss), FLOOR), Thing(wall, red, WALL)]
    view = Renderer(things, [LAMP], DRAFT).render(CAMERA, optical_pose(np.array([0.2, 0, 0.3]), 0),
                                                  0, Sensor(white_balance=0))  # fmt: skip
    return view.rgb[-14:].astype(float)


def test_a_shiny_floor_mirrors_the_wall_behind_it() -> None:
    matt, shiny = _looked_at(0.0), _looked_at(1.5)
    redness = [(p[..., 0] - p[..., 1:].mean(axis=-1)).mean() for p in (matt, shiny)]
    assert redness[1] > redness[0] + 5


def test_a_rolling_shutter_shears_the_picture_and_its_truth_alike() -> None:
    edge = Thing(box((2, 0, -5), (3, 5, 5)), GREY, BOX)
    behind = Thing(box((6, -9, -9), (7, 9, 9)), GREY, WALL)
    renderer = Renderer([edge, behind], [LAMP])
    pose = optical_pose(np.zeros(3), 0)
    rows = []
    for rolling in (0.0, 0.4):
        seen = renderer.render(CAMERA, pose, 0, Sensor(rolling=rolling))
        near = seen.labels == BOX
        assert np.allclose(seen.depth_m[near], 2, atol=1e-3)
        rows.append(near.sum(axis=1))
    assert np.ptp(rows[0]) == 0
    assert rows[1][-1] - rows[1][0] == pytest.approx(-0.4 * 35, abs=2)
