# SPDX-License-Identifier: Apache-2.0
"""Cameras on their side, told by a scene whose depth, normals and labels are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.camera.mounting import (
    ROTATIONS_DEG,
    MountingRotation,
    mounting_rotation,
    rotate_back,
    rotate_normals_back,
    rotate_upright,
    upright_intrinsics,
)
from tips_ros.perception.cloud.point_cloud import unproject
from tips_ros.perception.depth.scale_choice import focal_scale

CAMERA = Intrinsics(60.0, 58.0, 25.3, 15.6, 48, 34)  # as mounted; nothing is square or centred
FLOOR, WALL, LAMP = 3, 0, 36


def turned_world(turn: MountingRotation) -> np.ndarray:
    """(3, 3): a vector in the frame of a camera held upright → in that of one turned clockwise."""
    angle = math.radians(turn)
    right = np.array([math.cos(angle), math.sin(angle), 0.0])  # the camera's x among the upright's
    down = np.array([-math.sin(angle), math.cos(angle), 0.0])
    return np.stack([right, down, [0.0, 0.0, 1.0]])


def view(camera: Intrinsics, world: np.ndarray) -> dict[str, np.ndarray]:
    """A floor 1 m below, a wall at 3 m and a lamp at the upper left, each pixel by its own ray.

    Args:
        world: (3, 3) upright frame → the camera's.
    """
    v, u = np.mgrid[: camera.height, : camera.width]
    rays = np.stack(
        [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], -1
    )
    x, y, _ = np.moveaxis(rays @ world, -1, 0)  # the rays in the upright frame
    with np.errstate(divide="ignore"):
        floor_z = np.where(y > 0, 1.0 / y, np.inf)
    on_floor = floor_z < 3.0
    labels = np.where(on_floor, FLOOR, WALL)
    labels[(x < -0.1) & (y < -0.1)] = LAMP
    normals = np.where(on_floor[..., None], world @ (0, -1, 0), world @ (0, 0, -1))
    return {
        "depth": np.minimum(floor_z, 3.0).astype(np.float32),
        "labels": labels.astype(np.uint8),
        "normals": normals.astype(np.float32),
    }


@pytest.mark.parametrize("turn", ROTATIONS_DEG)
def test_the_upright_picture_is_that_of_a_camera_held_upright(turn: MountingRotation):
    """Floor down, lamp at the upper left, and the intrinsics of that very picture."""
    mounted = view(CAMERA, turned_world(turn))
    straight = view(upright_intrinsics(CAMERA, turn), np.eye(3))
    for name in ("depth", "labels"):
        turned = rotate_upright(mounted[name], turn)
        np.testing.assert_allclose(turned, straight[name], rtol=1e-5)
        assert turned.flags.c_contiguous and turned.dtype == straight[name].dtype


@pytest.mark.parametrize("turn", ROTATIONS_DEG)
def test_what_the_network_says_of_the_upright_picture_comes_back_in_the_cameras_frame(
    turn: MountingRotation,
):
    mounted = view(CAMERA, turned_world(turn))
    straight = view(upright_intrinsics(CAMERA, turn), np.eye(3))
    np.testing.assert_allclose(rotate_back(straight["depth"], turn), mounted["depth"], rtol=1e-5)
    np.testing.assert_array_equal(rotate_back(straight["labels"], turn), mounted["labels"])
    normals = rotate_normals_back(straight["normals"], turn)
    np.testing.assert_allclose(normals, mounted["normals"], atol=1e-6)
    assert normals.dtype == np.float32 and normals.flags.c_contiguous


@pytest.mark.parametrize("turn", ROTATIONS_DEG)
def test_a_turned_camera_gives_the_same_cloud(turn: MountingRotation):
    """The point of each scene point, brought from the camera's frame into the upright one."""
    intrinsics = upright_intrinsics(CAMERA, turn)
    straight = view(intrinsics, np.eye(3))
    cloud = unproject(rotate_back(straight["depth"], turn), CAMERA)
    in_upright = cloud.astype(np.float64) @ turned_world(turn)
    expected = unproject(straight["depth"], intrinsics)
    np.testing.assert_allclose(
        rotate_upright(in_upright.astype(np.float32), turn), expected, atol=1e-5
    )


def test_90_is_clockwise_as_seen_from_behind():
    """The top points to the right, so the ceiling is in the first column of the picture."""
    picture = np.zeros((2, 3), np.uint8)
    picture[:, 0] = 255
    np.testing.assert_array_equal(rotate_upright(picture, 90), [[255, 255], [0, 0], [0, 0]])
    up_in_camera = rotate_normals_back(np.array([[[0, -1, 0]]], np.float32), 90)[0, 0]
    np.testing.assert_array_equal(up_in_camera, [-1, 0, 0])


@pytest.mark.parametrize("turn", ROTATIONS_DEG)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.uint16, np.bool_])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_there_and_back_changes_nothing(
    turn: MountingRotation, dtype: type, channels: tuple[int, ...]
):
    rng = np.random.default_rng(1)
    image = (rng.random((5, 7, *channels)) * 9 - 4).astype(np.float32).clip(0).astype(dtype)
    back = rotate_back(rotate_upright(image[:, ::-1], turn), turn)
    np.testing.assert_array_equal(back, image[:, ::-1])
    assert back.dtype == image.dtype


def test_the_focal_length_goes_by_the_upright_width():
    upright_camera = upright_intrinsics(CAMERA, 90)
    assert focal_scale(upright_camera, 1.0) == pytest.approx(CAMERA.fy / CAMERA.height)
    assert focal_scale(upright_intrinsics(CAMERA, 180), 1.0) == pytest.approx(60.0 / 48)


@pytest.mark.parametrize(("said", "turn"), [(0, 0), (360, 0), (-90, 270), (450.0, 90), (180, 180)])
def test_full_turns_and_negative_ones_are_understood(said: float, turn: MountingRotation):
    assert mounting_rotation(said) == turn


@pytest.mark.parametrize("said", [45, 1, 89.9, float("nan")])
def test_a_slanted_camera_is_refused(said: float):
    with pytest.raises(ValueError, match="0, 90, 180 or 270 degrees"):
        mounting_rotation(said)
