# SPDX-License-Identifier: Apache-2.0
"""The sample room: its pictures agree with the truth that comes with them, and with the bag."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tips_ros.bags import BagError, BagReader, find_camera
from tips_ros.demo.room import (
    render_room_bag,
    robot_from_camera,
    room_camera,
    room_frame,
    world_from_robot,
)
from tips_ros.demo.scene import building, things
from tips_ros.demo.scene.render import Renderer
from tips_ros.errors import UserError
from tips_ros.perception.image_encodings import decode_message

pytest.importorskip("open3d", reason="Open3D is not installed", exc_type=ImportError)

WIDTH, HEIGHT = 160, 120


@pytest.fixture(scope="module")
def frame():
    return room_frame(0.25, WIDTH, HEIGHT)


def world_points(frame):
    """The points (H, W, 3) that the pixels see, by depth, intrinsics and pose."""
    v, u = np.mgrid[0 : frame.intrinsics.height, 0 : frame.intrinsics.width]
    ways = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(frame.intrinsics.matrix()).T
    pose = frame.world_from_camera
    return (ways * frame.depth_m[..., None]) @ pose[:3, :3].T + pose[:3, 3]


def test_a_frame_is_whole(frame):
    assert frame.rgb.shape == (HEIGHT, WIDTH, 3)
    assert (frame.rgb.dtype, frame.labels.dtype) == (np.uint8, np.uint8)
    assert (frame.depth_m.dtype, frame.normals.dtype) == (np.float32, np.float32)
    assert np.isfinite(frame.depth_m).all()
    assert frame.rgb.std() > 30


def test_the_room_is_as_big_as_it_was_built(frame):
    x, y, z = np.moveaxis(world_points(frame), -1, 0)
    floor = frame.labels == things.FLOOR
    np.testing.assert_allclose(z[floor], 0, atol=1e-3)
    assert frame.depth_m.min() > 0.5
    assert x.max() == pytest.approx(building.X1, abs=1e-3)
    assert (y > building.Y0 - 1e-3).all() and (y < building.Y1 + 1e-3).all()
    assert z.max() <= building.HEIGHT + 1e-3


def test_normals_are_unit_vectors_that_face_the_camera(frame):
    np.testing.assert_allclose(np.linalg.norm(frame.normals, axis=-1), 1, atol=1e-4)
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH]
    ways = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(frame.intrinsics.matrix()).T
    assert ((frame.normals * ways).sum(-1) <= 1e-6).all()
    up = frame.normals[frame.labels == things.FLOOR] @ frame.world_from_camera[:3, :3].T
    np.testing.assert_allclose(up, np.broadcast_to([0, 0, 1], up.shape), atol=1e-4)


def test_normals_are_those_of_the_depth(frame):
    points = world_points(frame) @ frame.world_from_camera[:3, :3]  # optical axes
    across, down = points[1:-1, 2:] - points[1:-1, :-2], points[2:, 1:-1] - points[:-2, 1:-1]
    implied = np.cross(down, across)
    implied /= np.linalg.norm(implied, axis=-1, keepdims=True)
    agree = (implied * frame.normals[1:-1, 1:-1]).sum(-1)
    assert np.median(agree) > 0.9999


def test_every_class_of_a_living_room_is_seen_on_the_way():
    seen = set()
    for progress in (0.0, 0.3, 1.0):
        labels, counts = np.unique(room_frame(progress, WIDTH, HEIGHT).labels, return_counts=True)
        seen |= set(labels[counts > 20].tolist())
    wanted = {
        things.WALL, things.FLOOR, things.CEILING, things.WINDOW, things.DOOR, things.TABLE,
        things.PLANT, things.CURTAIN, things.CHAIR, things.PAINTING, things.SOFA,
        things.SHELF, things.RUG, things.LAMP, things.CUSHION, things.BOX,
        things.COFFEE_TABLE, things.BOOK, things.BALL,
    }  # fmt: skip
    assert wanted <= seen


def test_the_classes_have_the_ids_of_the_class_list_that_comes_along():
    names = (Path(__file__).parents[2] / "config/classes/ade20k.txt").read_text().splitlines()
    for name, word in {
        "WALL": "wall", "FLOOR": "floor", "CEILING": "ceiling", "WINDOW": "windowpane",
        "DOOR": "door", "TABLE": "table", "PLANT": "plant", "CURTAIN": "curtain", "CHAIR": "chair",
        "PAINTING": "painting", "SOFA": "sofa", "SHELF": "shelf", "RUG": "rug", "LAMP": "lamp",
        "CUSHION": "cushion", "BOX": "box", "COFFEE_TABLE": "coffee table", "BOOK": "book",
        "LIGHT": "light", "BALL": "ball", "VASE": "vase",
    }.items():  # fmt: skip
        assert word in names[getattr(things, name)], name


def test_two_views_see_the_same_room(frame):
    other = room_frame(0.35, WIDTH, HEIGHT)
    to_other = np.linalg.inv(other.world_from_camera)
    points = world_points(frame).reshape(-1, 3) @ to_other[:3, :3].T + to_other[:3, 3]
    projected = points @ other.intrinsics.matrix().T
    u, v = np.rint(projected[:, :2] / projected[:, 2:]).astype(int).T
    inside = (points[:, 2] > 0) & (u >= 0) & (u < WIDTH) & (v >= 0) & (v < HEIGHT)
    assert inside.mean() > 0.4
    error = np.abs(other.depth_m[v[inside], u[inside]] - points[inside, 2])
    assert np.median(error) < 0.01
    assert (other.labels[v[inside], u[inside]] == frame.labels.ravel()[inside]).mean() > 0.85


def test_a_smaller_picture_shows_the_same_view(frame):
    half = room_frame(0.25, WIDTH // 2, HEIGHT // 2)
    assert half.intrinsics.hfov_deg == pytest.approx(63.3, abs=0.1)
    means = frame.rgb.reshape(HEIGHT // 2, 2, WIDTH // 2, 2, 3).mean((1, 3))
    assert np.abs(means - half.rgb).mean() < 6


def test_only_the_grain_depends_on_the_seed(frame):
    assert np.array_equal(room_frame(0.25, WIDTH, HEIGHT).rgb, frame.rgb)
    other = room_frame(0.25, WIDTH, HEIGHT, seed=1).rgb.astype(int)
    assert 0 < np.abs(other - frame.rgb).mean() < 5


def test_the_camera_looks_ahead_and_a_little_down():
    pose = robot_from_camera()
    np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)
    right, down, forward = pose[:3, :3].T
    np.testing.assert_allclose(right, [0, -1, 0])
    assert forward[0] > 0.98 and forward[2] < 0 and down[2] < -0.98


def test_the_robot_drives_where_it_looks():
    for progress in np.linspace(0.05, 0.95, 10):
        before, pose, after = map(world_from_robot, (progress - 0.01, progress, progress + 0.01))
        step = after[:3, 3] - before[:3, 3]
        np.testing.assert_allclose(step / np.linalg.norm(step), pose[:3, 0], atol=1e-3)


def test_the_bag_holds_what_was_rendered(tmp_path):
    done = []
    render_room_bag(
        tmp_path / "room",
        seconds=0.3,
        width=WIDTH,
        height=HEIGHT,
        progress=lambda *a: done.append(a),
    )
    assert done == [(1, 3), (2, 3), (3, 3)]
    with BagReader(tmp_path / "room") as bag:
        counts = {name: topic.count for name, topic in bag.topics.items()}
        assert counts == {
            "/camera/image_raw/compressed": 3, "/camera/camera_info": 3, "/tf": 3, "/tf_static": 1,
        }  # fmt: skip
        assert bag.topics["/tf_static"].latched
        camera = find_camera(bag)
        assert camera == ("/camera/image_raw/compressed", True, "/camera/camera_info")
        read = {}
        for message in bag.messages():
            read.setdefault(message.topic, []).append((message.stamp_ns, bag.deserialize(message)))
    images, infos, odometry = (read[t] for t in (camera.image, camera.camera_info, "/tf"))
    assert [stamp - images[0][0] for stamp, _ in images] == [0, 10**8, 2 * 10**8]
    assert images[0][1].format == "jpeg"
    for (stamp, image), (_, info), (_, tf) in zip(images, infos, odometry, strict=True):
        assert image.header == info.header
        assert image.header.stamp.sec * 10**9 + image.header.stamp.nanosec == stamp
        assert image.header.stamp == tf.transforms[0].header.stamp
        assert (info.width, info.height) == (WIDTH, HEIGHT)
        np.testing.assert_array_equal(info.k.reshape(3, 3), room_camera(WIDTH, HEIGHT).matrix())
        np.testing.assert_array_equal(info.p.reshape(3, 4)[:, :3], info.k.reshape(3, 3))
    last = decode_message(images[-1][1]).astype(int)
    assert np.abs(last - room_frame(1.0, WIDTH, HEIGHT, seed=2).rgb).mean() < 4
    (static,) = read["/tf_static"][0][1].transforms
    (moving,) = odometry[-1][1].transforms
    assert (moving.header.frame_id, moving.child_frame_id) == ("odom", "base_link")
    assert (static.header.frame_id, static.child_frame_id) == (
        "base_link",
        images[0][1].header.frame_id,
    )
    for transform, pose in ((static, robot_from_camera()), (moving, world_from_robot(1.0))):
        np.testing.assert_allclose(matrix(transform.transform), pose, atol=1e-9)


def matrix(transform):
    """The pose (4, 4) of a geometry_msgs/Transform, from the definition of a quaternion."""
    q = transform.rotation
    x, y, z, w = q.x, q.y, q.z, q.w
    assert x * x + y * y + z * z + w * w == pytest.approx(1)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    pose = np.eye(4)
    pose[:3, :3] = np.eye(3) + 2 * w * cross + 2 * cross @ cross
    pose[:3, 3] = transform.translation.x, transform.translation.y, transform.translation.z
    return pose


def test_the_same_bag_comes_out_every_time(tmp_path):
    bags = []
    for name in ("a", "b"):
        render_room_bag(tmp_path / name, seconds=0.2, width=64, height=48)
        with BagReader(tmp_path / name) as bag:
            bags.append(list(bag.messages()))
    assert bags[0] == bags[1]


def test_a_bag_that_exists_is_not_rendered_over(tmp_path):
    (tmp_path / "room").mkdir()
    with pytest.raises(BagError, match="exists"):
        render_room_bag(tmp_path / "room")


def test_a_machine_without_open3d_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "open3d", None)
    with pytest.raises(UserError, match="pip install open3d"):
        Renderer([], [])
