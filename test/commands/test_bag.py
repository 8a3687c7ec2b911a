# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bag`: results beside the original topics, without a ROS graph."""

from pathlib import Path

import numpy as np
import pytest

from tips_ros.bags import BagReader, BagWriter
from tips_ros.cli import main
from tips_ros.messages.conversions import image_message
from tips_ros.offline.bag_types import bag_types
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE

DATA = Path(__file__).parents[3] / "shared" / "data" / "bags"


@pytest.fixture
def bag(tmp_path):
    """Three images, the second of them cut short, with a CameraInfo only after the first."""
    path = tmp_path / "in"
    with BagWriter(path) as writer:
        types = bag_types(writer)
        writer.add_topic("/camera/image_raw", "sensor_msgs/msg/Image")
        writer.add_topic("/camera/camera_info", "sensor_msgs/msg/CameraInfo")
        for number in (1, 2, 3):
            stamp = types.message("builtin_interfaces/msg/Time")(sec=number, nanosec=0)
            header = types.message("std_msgs/msg/Header")(stamp=stamp, frame_id="camera")
            pixels = np.full((48, 64, 3), 60 * number, np.uint8)
            message = image_message(types, header, pixels, "rgb8")
            if number == 2:
                message.data = message.data[:100]
            writer.write("/camera/image_raw", number * 10**9, message)
            writer.write("/camera/camera_info", number * 10**9 + 1, _info(types, header))
    return path


def _info(types, header):
    region = types.message("sensor_msgs/msg/RegionOfInterest")(0, 0, 0, 0, False)
    k = np.array([50, 0, 31.5, 0, 50, 23.5, 0, 0, 1.0])
    p = np.array([50, 0, 31.5, 0, 0, 50, 23.5, 0, 0, 0, 1.0, 0])
    return types.message("sensor_msgs/msg/CameraInfo")(
        header, 48, 64, "plumb_bob", np.zeros(5), k, np.eye(3).ravel(), p, 0, 0, region
    )


def read(path):
    with BagReader(path) as reader:
        return [(m.topic, m.stamp_ns, reader.deserialize(m)) for m in reader.messages()]


def test_original_messages_and_results_are_in_the_new_bag(bag, tmp_path, capsys):
    assert main(["bag", str(bag), str(tmp_path / "out")]) == 0
    messages = read(tmp_path / "out")
    stamps = {}
    for topic, _, message in messages:
        stamps.setdefault(topic, []).append(message.header.stamp.sec)
    assert stamps["/camera/image_raw"] == [1, 2, 3]
    assert stamps["/camera/camera_info"] == [1, 2, 3]
    assert stamps["/tips/depth/image"] == [1, 3], "the image that was cut short has no outputs"
    assert stamps["/tips/points"] == [1, 3], "the first image uses the CameraInfo that came later"
    assert stamps["/tips/semantic/classes"] == [1]
    assert "2 of 3 images" in capsys.readouterr().out


def test_results_have_the_bag_time_of_their_image(bag, tmp_path):
    main(["bag", str(bag), str(tmp_path / "out")])
    times = [stamp for topic, stamp, _ in read(tmp_path / "out") if topic == "/tips/depth/image"]
    assert times == [10**9, 3 * 10**9]


def test_it_says_when_the_weights_are_random(bag, tmp_path, capsys, untrained):
    main(["bag", str(bag), str(tmp_path / "out"), "--model", str(untrained)])
    assert "UNTRAINED" in capsys.readouterr().out
    main(["bag", str(bag), str(tmp_path / "demo")])
    assert "UNTRAINED" not in capsys.readouterr().out


def test_masks_points_and_class_map_hold_the_ids_of_the_classes(bag, tmp_path, sparse_ids):
    out = tmp_path / "out"
    topics = ["--topics", "semantic/image,points"]
    assert main(["bag", str(bag), str(out), "--model", str(sparse_ids), *topics]) == 0
    results = {t: m for t, _, m in read(out) if t.startswith("/tips/")}
    classes = results["/tips/semantic/classes"]
    assert (list(classes.ids), list(classes.names)) == ([0, 3, 7], ["wall", "floor", "bed"])
    mask = results["/tips/semantic/image"].data.reshape(48, 64)
    assert set(np.unique(mask).tolist()) <= {0, 3, 7}
    cloud = results["/tips/points"].data.view(CLOUD_DTYPE).reshape(48, 64)
    np.testing.assert_array_equal(cloud["label"], mask)


def test_the_filtered_cloud_is_written_when_it_is_asked_for(bag, tmp_path):
    main(["bag", str(bag), str(tmp_path / "usual"), "--scale", "0.5"])
    assert "/tips/points_filtered" not in {topic for topic, *_ in read(tmp_path / "usual")}
    main(["bag", str(bag), str(tmp_path / "asked"), "--topics", "points_filtered"])
    clouds = [m for topic, _, m in read(tmp_path / "asked") if topic == "/tips/points_filtered"]
    assert [cloud.header.stamp.sec for cloud in clouds] == [1, 3]
    for cloud in clouds:
        points = np.frombuffer(cloud.data, CLOUD_DTYPE)
        assert (cloud.height, cloud.is_dense, cloud.header.frame_id) == (1, True, "camera")
        assert 0 < len(points) == cloud.width < 48 * 64
        assert np.isfinite(points["x"]).all()


def test_only_the_topics_asked_for_are_written(bag, tmp_path):
    main(["bag", str(bag), str(tmp_path / "out"), "--topics", "depth/image", "--scale", "0.5"])
    results = {t: m for t, _, m in read(tmp_path / "out") if t.startswith("/tips/")}
    # Lists that explain the outputs go with them.
    assert set(results) == {"/tips/depth/image", "/tips/depth/info", "/tips/semantic/classes"}
    assert (results["/tips/depth/image"].height, results["/tips/depth/image"].width) == (24, 32)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--topics", "depth/imgae"], "depth/imgae"),
        (["--image-topic", "/front/image"], "/camera/image_raw"),
        (["--model", "tipsv2-b99"], "tipsv2-b14"),
    ],
)
def test_a_wrong_argument_is_told_in_one_line_and_nothing_is_written(
    bag, tmp_path, capsys, arguments, reason
):
    assert main(["bag", str(bag), str(tmp_path / "out"), *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert reason in error
    assert len([line for line in error.splitlines() if line.startswith("tips_ros:")]) == 1
    assert not (tmp_path / "out").exists()


def test_an_existing_bag_is_not_overwritten_unasked(bag, tmp_path, capsys):
    assert main(["bag", str(bag), str(tmp_path / "out")]) == 0
    assert main(["bag", str(bag), str(tmp_path / "out")]) == 2
    assert main(["bag", str(bag), str(tmp_path / "out"), "--overwrite"]) == 0


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the real bags of ../shared/data")
@pytest.mark.parametrize(
    ("name", "images", "points"),
    [
        ("soccer_goal_12_normalized_mcap", 2, 0),
        ("soccer_goal_12_normalized_db3", 2, 0),
        ("raspicam_jpeg_camerainfo_mcap", 1, 1),
        ("redwood_rgbd_aligned_mcap", 5, 5),
    ],
)
def test_real_bags_of_both_storages_are_annotated(tmp_path, name, images, points):
    arguments = ["--topics", "depth/image,points", "--scale", "0.25"]
    assert main(["bag", str(DATA / name), str(tmp_path / "out"), *arguments]) == 0
    with BagReader(tmp_path / "out") as reader:
        counts = {topic.name: topic.count for topic in reader.topics.values()}
    assert counts["/tips/depth/image"] == images
    assert counts.get("/tips/points", 0) == points
