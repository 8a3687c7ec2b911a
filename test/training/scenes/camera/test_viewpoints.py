# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from training.scenes.camera.pose import optical_pose, pinhole
from training.scenes.camera.sight import Sight
from training.scenes.scene import Scene, random_scene
from training.scenes.shapes.flat import box
from training.scenes.surfaces.material import plain
from training.scenes.things import BOX, Thing


@pytest.fixture(scope="module")
def scene() -> Scene:
    return random_scene(3)


def test_a_squeezed_picture_shows_the_same_view() -> None:
    square, wide = pinhole(224, 224, 70, 4 / 3), pinhole(320, 240, 70, 4 / 3)
    for camera in (square, wide):
        assert math.degrees(2 * math.atan(camera.width / 2 / camera.fx)) == pytest.approx(70)
        slope = camera.height / 2 / camera.fy
        assert camera.width / 2 / camera.fx == pytest.approx(4 / 3 * slope)
    assert wide.fx == pytest.approx(wide.fy)
    assert square.fx < square.fy


def test_an_optical_frame_has_z_ahead_x_right_and_y_down() -> None:
    pose = optical_pose(np.array([1.0, 2.0, 3.0]), yaw_deg=90)
    np.testing.assert_allclose(pose[:3, 2], (0, 1, 0), atol=1e-12)
    np.testing.assert_allclose(pose[:3, 0], (1, 0, 0), atol=1e-12)
    np.testing.assert_allclose(pose[:3, 1], (0, 0, -1), atol=1e-12)
    assert optical_pose(np.zeros(3), 0, pitch_deg=10)[2, 2] > 0
    turned = optical_pose(np.zeros(3), 20, -10, 2)[:3, :3]
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turned) == pytest.approx(1)


def test_sight_measures_depth_along_z() -> None:
    sight = Sight([Thing(box((2, -9, -9), (3, 9, 9)), plain(90, 90, 90), BOX)])
    depth, labels = sight.look(optical_pose(np.zeros(3), 0), 60)
    np.testing.assert_allclose(depth, 2, atol=1e-5)
    assert (labels == BOX).all()
    assert sight.distance(np.zeros(3)) == pytest.approx(2)


def test_cameras_stand_free_in_the_room_and_look_into_it(scene: Scene) -> None:
    for view in scene.viewpoints(np.random.default_rng(4), 8):
        x, y, z = view.world_from_camera[:3, 3]
        assert 0.3 <= x <= scene.plan.length - 0.3 and 0.3 <= y <= scene.plan.width - 0.3
        assert 0.2 <= z <= 1.5 and 45 <= view.hfov_deg <= 115
        depth, labels = scene.sight.look(view.world_from_camera, view.hfov_deg)
        assert depth.min() > 0.2 and np.median(depth) >= 0.8
        assert len(np.unique(labels)) >= 3


def test_the_same_numbers_make_the_same_views(scene: Scene) -> None:
    first, again = (scene.viewpoints(np.random.default_rng(5), 3) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.world_from_camera, other.world_from_camera)
