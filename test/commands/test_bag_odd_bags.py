# SPDX-License-Identifier: Apache-2.0
"""`tips_ros bag` on bags that hold more, or less, than a camera's topics."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from tips_ros.bags import BagReader, BagWriter
from tips_ros.bags.storage.storage import Definition
from tips_ros.cli import main
from tips_ros.messages.conversions import image_message
from tips_ros.offline.bag_types import bag_types

SMALL = ["--topics", "depth/image,points", "--scale", "0.25"]
OWN = "acme_msgs/msg/Range"
OWN_BYTES = b"\0\1\0\0" + bytes(8)
INFO_BYTES = "sensor_msgs/msg/CameraInfo"


def camera(
    path: Path,
    image_topic: str = "/camera/image_raw",
    info_topic: str | None = "/camera/camera_info",
    stamps=(1, 2, 3),
    more=lambda writer: None,
) -> Path:
    """Images of stamps in seconds, one a second, each with a CameraInfo of a wide lens."""
    with BagWriter(path) as writer:
        types = bag_types(writer)
        writer.add_topic(image_topic, "sensor_msgs/msg/Image")
        if info_topic:
            writer.add_topic(info_topic, INFO_BYTES)
        for number, stamp_s in enumerate(stamps):
            received_ns = 100 * 10**9 + number * 10**9
            stamp = types.message("builtin_interfaces/msg/Time")(sec=stamp_s, nanosec=0)
            header = types.message("std_msgs/msg/Header")(stamp=stamp, frame_id="camera")
            pixels = np.full((48, 64, 3), 50 * number, np.uint8)
            if info_topic:
                writer.write(info_topic, received_ns, _info(types, header))
            writer.write(image_topic, received_ns, image_message(types, header, pixels, "rgb8"))
        more(writer)
    return path


def _info(types, header):
    region = types.message("sensor_msgs/msg/RegionOfInterest")(0, 0, 0, 0, False)
    k = np.array([32, 0, 31.5, 0, 32, 23.5, 0, 0, 1.0])
    p = np.array([32, 0, 31.5, 0, 0, 32, 23.5, 0, 0, 0, 1.0, 0])
    return types.message(INFO_BYTES)(
        header, 48, 64, "plumb_bob", np.zeros(5), k, np.eye(3).ravel(), p, 0, 0, region
    )


def annotate(bag: Path, *arguments: str) -> dict[str, int]:
    """Topic → how many messages the written bag has."""
    out = bag.parent / "out"
    assert main(["bag", str(bag), str(out), *SMALL, *arguments]) == 0
    with BagReader(out) as reader:
        return {topic.name: topic.count for topic in reader.topics.values()}


@pytest.mark.parametrize("count", [0, 1], ids=["declared only", "with a message"])
def test_a_topic_of_an_unknown_type_is_copied_as_bytes_and_told(tmp_path, caplog, count):
    def more(writer):
        writer.add_topic("/own", OWN, definition=Definition())
        for _ in range(count):
            writer.write("/own", 5, OWN_BYTES)

    counts = annotate(camera(tmp_path / "in", more=more))
    assert counts["/tips/depth/image"] == counts["/tips/points"] == 3
    assert counts["/own"] == count
    assert f"copied as bytes, as nothing says what their types look like: /own ({OWN})" in (
        caplog.text
    )
    with BagReader(tmp_path / "out") as reader:
        assert [m.data for m in reader.messages(["/own"])] == [OWN_BYTES] * count


def test_a_class_map_of_an_older_version_costs_itself_and_nothing_else(tmp_path, caplog):
    kind = "tips_ros/msg/ClassMap"
    older = get_typestore(Stores.ROS2_JAZZY)
    older.register(get_types_from_msg("string[] names", kind))
    with BagWriter(tmp_path / "old", typestore=older) as writer:
        writer.add_topic("/before/semantic/classes", kind, latched=True)
        writer.write("/before/semantic/classes", 1, older.types[kind](["door"]))
    folder = tmp_path / "in"
    camera(folder)
    shutil.copy(tmp_path / "old" / "old.mcap", folder)
    (folder / "metadata.yaml").unlink()
    counts = annotate(folder)
    assert counts["/tips/depth/image"] == 3
    assert "/before/semantic/classes" not in counts
    assert "another version of their type: /before/semantic/classes" in caplog.text
    with BagReader(folder) as reader, BagReader(tmp_path / "out") as written:
        (old,) = reader.messages(["/before/semantic/classes"])
        assert reader.deserialize(old).names == ["door"], "for reading, the bag knows best"
        (new,) = written.messages(["/tips/semantic/classes"])
        assert len(written.deserialize(new).names) > 1


def test_bytes_that_are_no_image_cost_one_line_and_no_output(tmp_path, capsys):
    def more(writer):
        writer.write("/camera/image_raw", 1, b"\0\1\0\0junk")
        writer.write("/camera/image_raw", 200 * 10**9, b"\0\1\0\0junk")
        writer.write("/camera/camera_info", 1, b"")

    counts = annotate(camera(tmp_path / "in", more=more))
    assert counts["/tips/depth/image"] == counts["/tips/points"] == 3
    told = capsys.readouterr().out
    assert "3 of 5 images" in told
    assert "2 × /camera/image_raw: a message whose bytes are no sensor_msgs/msg/Image" in told
    assert "1 × /camera/camera_info: a message whose bytes are no sensor_msgs/msg/Camera" in told


@pytest.mark.parametrize("topic", ["/UR5e/D405_color", "/airsim/front_center/Scene"])
def test_a_camera_info_below_the_images_is_found(tmp_path, capsys, topic):
    counts = annotate(camera(tmp_path / "in", topic, f"{topic}/camera_info"))
    assert counts["/tips/points"] == 3
    assert "by the camera's focal length" in capsys.readouterr().out


def test_the_camera_info_can_be_named(tmp_path, capsys):
    def more(writer):
        writer.add_topic("/rear/camera_info", INFO_BYTES)
        writer.write("/rear/camera_info", 1, b"")

    bag = camera(tmp_path / "in", "/front/image", "/calibration/front", more=more)
    assert annotate(bag)["/tips/points"] == 0, "two are there, and none of them beside the images"
    named = annotate(bag, "--camera-info-topic", "/calibration/front", "--overwrite")
    assert named["/tips/points"] == 3
    out = str(tmp_path / "other")
    assert main(["bag", str(bag), out, "--camera-info-topic", "/left/camera_info"]) == 2
    refusal = capsys.readouterr().err.splitlines()[-1]
    assert "no CameraInfo on /left/camera_info" in refusal
    assert "/calibration/front, /rear/camera_info" in refusal


@pytest.mark.parametrize("stamps", [(0, 0, 0), (7, 7, 7)], ids=["none", "standing still"])
def test_images_that_share_a_stamp_are_several_images(tmp_path, stamps):
    bag = camera(tmp_path / "in", stamps=stamps)
    for batch in ("1", "2"):
        counts = annotate(bag, "--batch", batch, "--overwrite")
        assert counts["/tips/depth/image"] == counts["/tips/points"] == 3
        with BagReader(tmp_path / "out") as reader:
            depth = list(reader.messages(["/tips/depth/image"]))
            images = list(reader.messages(["/camera/image_raw"]))
            assert [m.stamp_ns for m in depth] == [m.stamp_ns for m in images]
            assert {reader.deserialize(m).header.stamp.sec for m in depth} == set(stamps)
