# SPDX-License-Identifier: Apache-2.0
"""Arrays become messages that say exactly what the arrays held."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sensor_msgs.msg import PointField

from tips_ros.bags import BagReader, BagWriter
from tips_ros.messages.conversions import (
    camera_info_message,
    class_map_message,
    cloud_message,
    image_message,
    label_info_message,
)
from tips_ros.messages.types import RCLPY_TYPES, rclpy_types_for_one_thread
from tips_ros.offline.bag_types import bag_types
from tips_ros.perception.camera.camera_reading import read_camera_info
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE
from tips_ros.perception.images.decoder import decode_message
from tips_ros.perception.semantic.label_space import model_label_space

from ..ros.example_messages import camera_info, header_at, picture


def test_an_rgb_image_survives_the_message():
    message = image_message(RCLPY_TYPES, header_at(1), picture(), "rgb8")
    np.testing.assert_array_equal(decode_message(message), picture())


def test_a_view_with_holes_is_packed():
    every_other = picture()[::2, ::2]
    message = image_message(RCLPY_TYPES, header_at(1), every_other, "rgb8")
    np.testing.assert_array_equal(decode_message(message), every_other)


@pytest.mark.parametrize(
    ("pixels", "encoding"),
    [
        (np.zeros((2, 3), np.float64), "32FC1"),
        (np.zeros((2, 3, 3), np.float32), "32FC1"),
        (np.zeros((2, 3), np.uint8), "rgb8"),
    ],
)
def test_an_array_that_is_not_of_the_encoding_is_refused(pixels, encoding):
    with pytest.raises(ValueError, match=encoding):
        image_message(RCLPY_TYPES, header_at(1), pixels, encoding)


def test_a_cloud_tells_its_fields_and_every_byte():
    def fill(cloud):
        cloud["x"] = np.arange(6).reshape(2, 3)
        cloud["label"] = 7

    message = cloud_message(RCLPY_TYPES, header_at(1), (2, 3), fill)
    fields = {f.name: (f.offset, f.datatype, f.count) for f in message.fields}
    assert fields["x"] == (0, PointField.FLOAT32, 1)
    assert fields["label"] == (16, PointField.UINT32, 1)
    read = np.frombuffer(message.data, CLOUD_DTYPE).reshape(message.height, message.width)
    np.testing.assert_array_equal(read["x"], [[0, 1, 2], [3, 4, 5]])
    assert (read["label"] == 7).all()


def test_one_thread_fills_the_same_memory_for_each_frame():
    types = rclpy_types_for_one_thread()
    first = image_message(types, header_at(1), picture(), "rgb8")
    second = image_message(types, header_at(2), picture() // 2, "rgb8")
    assert second.data is first.data
    np.testing.assert_array_equal(decode_message(second), picture() // 2)


def test_a_published_camera_info_has_no_region_and_no_binning():
    info = camera_info()
    info.binning_x = info.binning_y = 2
    fields = read_camera_info(info).scaled_fields(32, 24)
    message = camera_info_message(RCLPY_TYPES, header_at(1), fields)
    assert (message.width, message.height) == (32, 24)
    assert (message.binning_x, message.binning_y, message.roi.width) == (0, 0, 0)
    assert message.k[0] == info.k[0] / 2


def test_a_class_map_lists_names_ids_and_colours_in_order():
    classes = ClassList(("wall", "floor"))
    message = class_map_message(RCLPY_TYPES, header_at(1), model_label_space(classes), "mine", True)
    assert (list(message.ids), message.names) == ([0, 1], ["wall", "floor"])
    color = message.colors[1]
    np.testing.assert_allclose([color.r, color.g, color.b], classes.palette()[1] / 255)


def test_the_ids_of_a_class_map_are_numbers_to_those_who_read_json():
    """Of uint8 a bridge to JSON makes a string of base64."""
    from tips_ros.msg import ClassMap

    assert ClassMap.get_fields_and_field_types()["ids"] == "sequence<uint16>"
    written = (Path(__file__).parents[2] / "msg" / "ClassMap.msg").read_text(encoding="utf-8")
    assert re.search(r"^uint16\[\] ids\b", written, re.MULTILINE)


def test_a_class_map_has_the_ids_of_the_classes():
    classes = ClassList(("wall", "floor", "bed"), (0, 3, 7))
    semantic = model_label_space(classes)
    message = class_map_message(RCLPY_TYPES, header_at(1), semantic, "mine", True)
    assert (list(message.ids), message.names) == ([0, 3, 7], ["wall", "floor", "bed"])
    for class_id, color in zip(message.ids, message.colors, strict=True):
        expected = classes.palette()[class_id] / 255
        np.testing.assert_allclose([color.r, color.g, color.b], expected)
    info = label_info_message(SimpleNamespace, SimpleNamespace, header_at(1), semantic)
    told = {entry.class_id: entry.class_name for entry in info.class_map}
    assert told == {0: "wall", 3: "floor", 7: "bed"}


def test_the_same_builders_serve_a_bag(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        types = bag_types(writer)
        stamp = types.message("builtin_interfaces/msg/Time")(sec=1, nanosec=2)
        header = types.message("std_msgs/msg/Header")(stamp=stamp, frame_id="camera")
        made = {
            "/image": image_message(types, header, picture(), "rgb8"),
            "/points": cloud_message(types, header, (2, 3), lambda cloud: cloud.fill(0)),
            "/info": camera_info_message(
                types, header, read_camera_info(camera_info()).scaled_fields(32, 24)
            ),
            "/classes": class_map_message(
                types, header, model_label_space(ClassList(("wall",))), "mine", True
            ),
        }
        for topic, message in made.items():
            writer.add_topic(topic, message.__msgtype__)
            writer.write(topic, 5, message)
    with BagReader(tmp_path / "bag") as reader:
        read = {m.topic: reader.deserialize(m) for m in reader.messages()}
    np.testing.assert_array_equal(decode_message(read["/image"]), picture())
    assert [f.name for f in read["/points"].fields] == list(CLOUD_DTYPE.names)
    assert read["/info"].k[0] == camera_info().k[0] / 2
    assert read["/classes"].names == ["wall"]
