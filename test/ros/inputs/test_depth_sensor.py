# SPDX-License-Identifier: Apache-2.0
"""One of a sensor's messages belongs to an image; some are kept for it."""

from __future__ import annotations

import numpy as np
import pytest
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.context import Context
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header

from tips_ros.messages import sensor_messages, sensor_view
from tips_ros.messages.sensor_view import NotMeasured, View
from tips_ros.perception.camera.output_camera import output_camera
from tips_ros.ros.inputs.depth_sensor import DepthSensor
from tips_ros.ros.transforms.tf import TransformLookup

from ..example_messages import camera_info
from ..sensor_scene import cloud_message, depth_image

MS = 1_000_000


@pytest.fixture
def sensor():
    context = Context()
    rclpy.init(context=context)
    node = Node("somebody", context=context)
    made = DepthSensor(node, "", TransformLookup(node), MutuallyExclusiveCallbackGroup())
    yield made
    made.close()
    node.destroy_node()
    rclpy.shutdown(context=context)


def test_one_topic_that_cannot_be_subscribed_leaves_no_subscription_to_the_other(sensor):
    node = sensor._node
    subscribe, before = node.create_subscription, len(list(node.subscriptions))

    def only_images(type_, *given, **named):
        if type_ is PointCloud2:
            raise ValueError("no such reliability")
        return subscribe(type_, *given, **named)

    node.create_subscription = only_images
    for _ in range(3):
        with pytest.raises(ValueError, match="reliability"):
            DepthSensor(node, "", TransformLookup(node), MutuallyExclusiveCallbackGroup())
    assert len(list(node.subscriptions)) == before


def at(ms: int) -> Header:
    header = Header(frame_id="camera")
    header.stamp.sec, header.stamp.nanosec = 100 + ms // 1000, ms % 1000 * MS
    return header


def came(sensor: DepthSensor, ms: int, depth_m: float = 0.0) -> None:
    """A depth image of one value: its stamp in seconds unless given."""
    image = depth_image(at(ms), np.full((4, 6), depth_m or 1 + ms / 1000, np.float32), "32FC1")
    sensor.add("image", "/sensor/depth", image)


def value(sensor: DepthSensor, ms: int, max_dt_ms: int = 50, **how) -> float:
    return float(sensor.nearest(View(at(ms), None), max_dt_ms * MS, **how).depth_m[0, 0])


def test_the_nearest_is_taken_whichever_came_last(sensor):
    for ms in (0, 33, 66, 100):
        came(sensor, ms)
    assert value(sensor, 70) == pytest.approx(1.066)
    came(sensor, 71)  # late
    assert value(sensor, 70) == pytest.approx(1.071)


def test_nothing_within_the_tolerance_is_said_with_how_far_off_it_is(sensor):
    with pytest.raises(NotMeasured, match="on /sensor/depth or /sensor/points or /sensor/scan"):
        value(sensor, 0)
    came(sensor, 300)
    with pytest.raises(NotMeasured, match=r"within 0\.05 s of the image, the nearest is 0\.300 s"):
        value(sensor, 0)
    assert value(sensor, 250) == pytest.approx(1.3)


def test_equal_stamps_alone_count_when_no_difference_is_allowed(sensor):
    came(sensor, 33)
    with pytest.raises(NotMeasured):
        value(sensor, 34, max_dt_ms=0)
    assert value(sensor, 33, max_dt_ms=0) == pytest.approx(1.033)


def test_a_sensor_that_stopped_is_called_silent(sensor, monkeypatch):
    monkeypatch.setattr(sensor_messages, "_SILENT_S", -1.0)
    came(sensor, 0)
    with pytest.raises(NotMeasured, match="fell silent"):
        value(sensor, 5000)


def test_what_is_nearest_is_known_once_the_sensor_has_gone_on(sensor):
    assert not sensor.is_past(0)
    came(sensor, 33)
    header = at(33)
    stamp_ns = header.stamp.sec * 10**9 + header.stamp.nanosec
    assert sensor.is_past(stamp_ns) and not sensor.is_past(stamp_ns + 1)


def test_older_messages_go_once_an_image_was_served_and_the_newest_stays(sensor):
    for ms in range(0, 1000, 100):
        came(sensor, ms)
    value(sensor, 500)
    assert [kept.stamp_ns // MS % 1000 for kept in sensor._kept] == [500, 600, 700, 800, 900]
    with pytest.raises(NotMeasured, match="off"):
        value(sensor, 5000)
    assert len(sensor._kept) == 1


def test_memory_is_bounded_while_images_are_slow(sensor, monkeypatch):
    monkeypatch.setattr(sensor_messages, "_MOST_BYTES", 1000)
    for ms in range(100):
        came(sensor, ms)
    assert sensor._bytes == sum(len(kept.message.data) for kept in sensor._kept) <= 1000
    assert value(sensor, 99) == pytest.approx(1.099)


def test_nothing_is_gathered_while_nobody_asks(sensor, monkeypatch):
    monkeypatch.setattr(sensor_messages, "_NOBODY_ASKS_S", -1.0)
    for ms in range(10):
        came(sensor, ms)
    assert len(sensor._kept) == 1


def test_images_can_be_left_out_for_points(sensor):
    came(sensor, 0)
    with pytest.raises(NotMeasured, match="nothing came"):
        value(sensor, 0, images=False)
    sensor.add("points", "/sensor/points", cloud_message(at(1), np.ones((48, 64), np.float32)))
    with pytest.raises(NotMeasured, match="without a usable CameraInfo"):
        value(sensor, 0, images=False)
    assert value(sensor, 0) == 1.0


def test_of_a_large_cloud_an_even_part_is_taken(sensor, monkeypatch):
    monkeypatch.setattr(sensor_view, "_MOST_POINTS", 300)
    message = cloud_message(at(0), np.full((48, 64), 2.0, np.float32))
    sensor.add("points", "/sensor/points", message)
    camera = output_camera(camera_info(), (48, 64), (48, 64))
    depth_m = sensor.nearest(View(at(0), camera), 0).depth_m
    rows, columns = np.nonzero(depth_m == 2.0)
    assert len(rows) == 300
    assert abs(rows.mean() - 23.5) < 2 and abs(columns.mean() - 31.5) < 4


def test_a_message_that_can_not_be_read_is_told_by_topic(sensor):
    image = depth_image(at(0), np.ones((4, 6), np.float32), "32FC1")
    image.encoding = "bgr8"
    sensor.add("image", "/sensor/depth", image)
    with pytest.raises(NotMeasured, match=r"/sensor/depth: .*16UC1 \(mm\)"):
        value(sensor, 0)


def test_everything_can_be_forgotten(sensor):
    came(sensor, 0)
    sensor.clear()
    assert not sensor.is_past(0) and sensor._bytes == 0


def test_every_message_is_accounted_for(sensor):
    for ms in range(0, 1000, 100):
        came(sensor, ms)
    image = depth_image(at(1000), np.ones((4, 6), np.float32), "32FC1")
    image.encoding = "bgr8"
    sensor.add("image", "/sensor/depth", image)
    value(sensor, 300)
    value(sensor, 310)  # the same again
    value(sensor, 500)
    with pytest.raises(NotMeasured):
        value(sensor, 1000)
    assert sensor.counts == {"heard": 11, "compared": 2, "unusable": 1, "passed over": 8}
    came(sensor, 1100)
    assert sum(sensor.counts[one] for one in ("compared", "unusable", "passed over")) == 11
    sensor.clear()
    assert sensor.counts["passed over"] == 9
