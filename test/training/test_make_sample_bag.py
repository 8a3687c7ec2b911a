# SPDX-License-Identifier: Apache-2.0
"""The sample bag and its truth are of one drive, agree with each other, and come out the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tips_ros.bags import BagError, BagReader, find_camera
from tips_ros.offline.truth.bag_truth import BagTruth
from tips_ros.perception.images.decoder import decode_message
from tips_ros.resources import sample_bag, sample_truth

pytest.importorskip("open3d", reason="rays are cast by Open3D", exc_type=ImportError)

from training.make_sample_bag import (
    CAMERA_INFO_TOPIC,
    IMAGE_TOPIC,
    OPTICAL_FRAME,
    Recording,
    make_sample_bag,
)
from training.scenes.light.quality import DRAFT  # noqa: E402
from training.scenes.things import NAMES  # noqa: E402

TINY = Recording(
    seconds=0.5, width=64, height=48, truth_every=2, quality=DRAFT, jpeg_quality=95
)  # five images, three of them with truth of 32x24


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    make_sample_bag(folder, TINY)
    return folder


def messages(bag: Path) -> dict[str, list[tuple[int, Any]]]:
    """Topic → its messages and when they were received."""
    read: dict[str, list[tuple[int, Any]]] = {}
    with BagReader(bag) as reader:
        for message in reader.messages():
            entry = (message.stamp_ns, reader.deserialize(message))
            read.setdefault(message.topic, []).append(entry)
    return read


def counts(bag: Path) -> dict[str, int]:
    with BagReader(bag) as reader:
        return {name: topic.count for name, topic in reader.topics.items()}


def matrix(transform: Any) -> np.ndarray:
    """The pose (4, 4) of a geometry_msgs/Transform, from the definition of a quaternion."""
    q = transform.rotation
    pose = np.eye(4)
    pose[:3, :3] = rotation(np.array([q.x, q.y, q.z, q.w]))
    pose[:3, 3] = transform.translation.x, transform.translation.y, transform.translation.z
    return pose


def rotation(quaternion: np.ndarray) -> np.ndarray:
    x, y, z, w = quaternion
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + 2 * w * cross + 2 * cross @ cross


def test_the_bags_have_the_topics_of_a_robot_and_of_its_truth(made: Path):
    assert sorted(path.name for path in made.iterdir()) == ["drive", "drive_truth"]
    assert counts(made / "drive") == {
        "/tf_static": 1, "/tf": 5, CAMERA_INFO_TOPIC: 5, IMAGE_TOPIC: 5,
    }  # fmt: skip
    assert counts(made / "drive_truth") == {
        "/ground_truth/depth/image/compressed": 3,
        "/ground_truth/normals/image/compressed": 3,
        "/ground_truth/semantic/image/compressed": 3,
        "/ground_truth/semantic/classes": 1,
    }
    with BagReader(made / "drive") as bag:
        assert bag.topics["/tf_static"].latched
        assert find_camera(bag) == (IMAGE_TOPIC, True, CAMERA_INFO_TOPIC)


def test_image_calibration_and_odometry_have_one_stamp(made: Path):
    read = messages(made / "drive")
    stamps = [stamp - read[IMAGE_TOPIC][0][0] for stamp, _ in read[IMAGE_TOPIC]]
    assert stamps == [index * 10**8 for index in range(5)]
    for (stamp, image), (_, info), (_, tf) in zip(
        read[IMAGE_TOPIC], read[CAMERA_INFO_TOPIC], read["/tf"], strict=True
    ):
        assert image.header == info.header and image.header.frame_id == OPTICAL_FRAME
        assert image.header.stamp.sec * 10**9 + image.header.stamp.nanosec == stamp
        assert image.header.stamp == tf.transforms[0].header.stamp
        assert image.format == "jpeg" and decode_message(image).shape == (48, 64, 3)
        assert (info.width, info.height) == (64, 48)
        np.testing.assert_array_equal(info.k.reshape(3, 3), TINY.camera.matrix())
        np.testing.assert_array_equal(info.p.reshape(3, 4)[:, :3], TINY.camera.matrix())


def test_the_camera_is_where_the_transforms_say_and_looks_ahead_and_a_little_down(made: Path):
    read = messages(made / "drive")
    (mount,) = read["/tf_static"][0][1].transforms
    (robot,) = read["/tf"][0][1].transforms
    assert (robot.header.frame_id, robot.child_frame_id) == ("odom", "base_link")
    assert (mount.header.frame_id, mount.child_frame_id) == ("base_link", OPTICAL_FRAME)
    right, down, forward = matrix(mount.transform)[:3, :3].T
    np.testing.assert_allclose(right, [0, -1, 0], atol=1e-9)
    assert forward[0] > 0.98 and forward[2] < 0 and down[2] < -0.98
    camera = matrix(robot.transform) @ matrix(mount.transform)
    assert camera[2, 3] == pytest.approx(0.92, abs=1e-9)


def test_the_truth_is_that_of_the_images_at_half_their_size(made: Path):
    with BagReader(made / "drive") as images, BagReader(made / "drive_truth") as truth:
        dataset = BagTruth(images, truth)
        samples = list(dataset)
        assert (len(dataset), dataset.images) == (3, 5)
        assert dataset.class_names == NAMES
    for sample, second in zip(samples, (0.0, 0.2, 0.4), strict=True):
        assert sample.stamp_s == pytest.approx(second)
        assert sample.rgb.shape == (48, 64, 3) and sample.intrinsics == TINY.camera
        assert sample.depth_m.shape == sample.labels.shape == (24, 32)
        assert sample.normals.shape == (24, 32, 3)
        assert set(np.unique(sample.labels)) <= set(NAMES)


def test_the_truth_lies_where_the_camera_was(made: Path):
    """Every pixel of the floor, taken to the world by depth, intrinsics and pose, has z = 0."""
    with BagReader(made / "drive") as images, BagReader(made / "drive_truth") as truth:
        samples = list(BagTruth(images, truth))
    floor = [sample.labels == 3 for sample in samples]
    assert np.mean(floor) > 0.05
    for sample, mask in zip(samples, floor, strict=True):
        camera, pose = sample.intrinsics.scaled_to(32, 24), sample.world_from_camera
        v, u = np.mgrid[0:24, 0:32]
        ways = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(camera.matrix()).T
        points = (ways * sample.depth_m[..., None]) @ pose[:3, :3].T + pose[:3, 3]
        np.testing.assert_allclose(points[mask][:, 2], 0, atol=2e-3)  # whole millimetres
        up = sample.normals[mask] @ pose[:3, :3].T
        np.testing.assert_allclose(up, np.broadcast_to([0, 0, 1], up.shape), atol=6e-3)  # 8 bits


def test_the_same_bags_come_out_every_time(made: Path, tmp_path: Path):
    make_sample_bag(tmp_path, TINY)
    for name in ("drive", "drive_truth"):
        with BagReader(made / name) as one, BagReader(tmp_path / name) as other:
            assert list(one.messages()) == list(other.messages())


def test_bags_that_exist_are_not_replaced(made: Path):
    with pytest.raises(BagError, match="drive exists"):
        make_sample_bag(made, TINY)


def test_a_scene_to_learn_from_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="scene 7 is not a held-out scene"):
        make_sample_bag(tmp_path, Recording(scene=7))


def test_the_bags_in_the_repository_are_a_default_recording():
    expected = Recording()
    images = round(expected.seconds * expected.rate_hz)
    with BagReader(sample_bag()) as drive, BagReader(sample_truth()) as truth:
        dataset = BagTruth(drive, truth)
        assert dataset.images == images
        assert len(dataset) == -(-images // expected.truth_every)
        assert dataset.class_names == NAMES
        sample = next(iter(dataset))
    assert sample.intrinsics == expected.camera
    assert sample.rgb.shape == (expected.height, expected.width, 3)
    shrink = expected.truth_shrink
    assert sample.depth_m.shape == (expected.height // shrink, expected.width // shrink)
