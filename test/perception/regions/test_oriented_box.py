# SPDX-License-Identifier: Apache-2.0
"""Boxes around points, whatever shape the points have."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.regions import oriented_box as module
from tips_ros.perception.regions.oriented_box import OrientedBox, oriented_box, transform_matrix

TURNED = transform_matrix([1.0, -2.0, 3.0], [0.1, -0.2, 0.15, 0.95])


def turned(points: np.ndarray) -> np.ndarray:
    return points @ TURNED[:3, :3].T + TURNED[:3, 3]


def cuboid(size: tuple[float, float, float], count: int = 600) -> np.ndarray:
    points = np.random.default_rng(5).uniform(-0.5, 0.5, (count, 3))
    corners = np.array(np.meshgrid(*[[-0.5, 0.5]] * 3)).reshape(3, 8).T
    return np.concatenate([points, corners]) * size


def corners_of(box: OrientedBox) -> np.ndarray:
    corners = np.array(np.meshgrid(*[[-0.5, 0.5]] * 3)).reshape(3, 8).T
    return corners * box.size_m @ box.rotation.T + box.centre_m


@pytest.mark.usefixtures("open3d")
def test_a_turned_cuboid_is_its_own_box():
    box = oriented_box(turned(cuboid((0.8, 0.5, 0.3))))
    np.testing.assert_allclose(box.size_m, [0.8, 0.5, 0.3], atol=1e-6)
    np.testing.assert_allclose(box.centre_m, TURNED[:3, 3], atol=1e-6)
    np.testing.assert_allclose(box.rotation, TURNED[:3, :3], atol=1e-6)


@pytest.mark.parametrize(
    "size", [(0.8, 0.5, 0.0), (0.8, 0.0, 0.0), (0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.8, 0.5, 1e-5)]
)
@pytest.mark.parametrize("count", [1, 3, 4, 600])
def test_flat_thin_and_single_points_have_a_box_too(size: tuple[float, float, float], count: int):
    points = turned(cuboid(size)[-count:])
    box = oriented_box(points)
    assert np.isfinite([*box.centre_m, *box.size_m, *box.quaternion_xyzw]).all()
    np.testing.assert_allclose(np.linalg.det(box.rotation), 1.0, atol=1e-9)
    inside = np.abs((points - box.centre_m) @ box.rotation) <= box.size_m / 2 + 1e-9
    assert inside.all()
    if count == 600:
        np.testing.assert_allclose(np.sort(box.size_m), np.sort(size), atol=1e-4)


def test_a_round_thing_has_a_box_that_holds_it():
    points = np.random.default_rng(2).normal(size=(1500, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    box = oriented_box(points)
    np.testing.assert_allclose(box.size_m, 2.0, atol=0.05)
    assert (np.abs((points - box.centre_m) @ box.rotation) <= box.size_m / 2 + 1e-9).all()


@pytest.mark.usefixtures("open3d")
def test_the_axes_are_named_by_the_frame():
    """Width, height and depth in an optical frame; x, y and height in one with z up."""
    box = oriented_box(cuboid((0.1, 0.9, 0.4)))
    np.testing.assert_allclose(box.size_m, [0.1, 0.9, 0.4], atol=1e-6)
    np.testing.assert_allclose(box.rotation, np.eye(3), atol=1e-6)
    up = box.in_frame(transform_matrix([0.0, 0.0, 1.0], [-0.5, 0.5, -0.5, 0.5]))
    np.testing.assert_allclose(up.size_m, [0.4, 0.1, 0.9], atol=1e-6)
    np.testing.assert_allclose(up.rotation, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(up.centre_m, [0.0, 0.0, 1.0], atol=1e-6)


def test_a_transform_moves_the_corners():
    box = oriented_box(turned(cuboid((0.8, 0.5, 0.3))))
    transform = transform_matrix([0.5, 0.2, -1.0], [0.5, 0.1, 0.4, -0.7])
    expected = corners_of(box) @ transform[:3, :3].T + transform[:3, 3]
    moved = corners_of(box.in_frame(transform))
    for corner in expected:  # the same eight, in another order
        assert np.linalg.norm(moved - corner, axis=1).min() < 1e-9


def test_quaternions_and_matrices_say_the_same():
    rng = np.random.default_rng(9)
    given = [*rng.normal(size=(50, 4)), *np.eye(4), [1, 1, 0, 0], [0, 1, -1, 1e-9]]
    for quaternion in np.array(given):
        matrix = transform_matrix([0, 0, 0], quaternion)
        box = OrientedBox(np.zeros(3), matrix[:3, :3], np.ones(3))
        unit = quaternion / np.linalg.norm(quaternion)
        assert abs(unit @ box.quaternion_xyzw) == pytest.approx(1.0, abs=1e-12)
        assert box.quaternion_xyzw[3] >= 0
    quarter = transform_matrix([1, 2, 3], [0, 0, np.sqrt(0.5), np.sqrt(0.5)])  # x turns to y
    np.testing.assert_allclose(quarter @ [1, 0, 0, 1], [1, 3, 3, 1], atol=1e-12)


def test_without_open3d_there_is_a_box_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_open3d", lambda: None)
    points = turned(cuboid((0.8, 0.5, 0.1)))
    box = oriented_box(points)
    assert (np.abs((points - box.centre_m) @ box.rotation) <= box.size_m / 2 + 1e-9).all()
    np.testing.assert_allclose(box.size_m, [0.8, 0.5, 0.1], atol=0.06)


def test_no_points_and_no_rotation_are_refused():
    with pytest.raises(ValueError, match=r"at least one point.*\(0, 3\)"):
        oriented_box(np.empty((0, 3)))
    with pytest.raises(ValueError, match="at least one point"):
        oriented_box(np.zeros(3))
    with pytest.raises(ValueError, match="no rotation"):
        transform_matrix([0, 0, 0], [0, 0, 0, 0])
