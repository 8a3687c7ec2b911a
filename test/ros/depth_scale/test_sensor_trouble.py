# SPDX-License-Identifier: Apache-2.0
"""A depth sensor that dies, contradicts itself, or comes and goes with the node."""

from __future__ import annotations

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES

from ..depth_bench import SMALL, Bench, is_sensor
from ..example_messages import header_at, picture
from ..live_graph import until
from ..sensor_scene import FACTOR, cloud_message, depth_image, noisy


def good(measured):
    return lambda header: depth_image(header, FACTOR * measured.raw, "32FC1")


def test_a_sensor_that_dies_leaves_its_scale_which_is_doubted_and_believed_when_it_returns(
    measured,
):
    measured.frames_until(is_sensor, "the sensor's scale", good(measured))
    for _ in range(4):
        depth_m = measured.frame(after_s=6)
    until(lambda: not measured.info.consistent, "the doubt")
    assert measured.info.source == "sensor" and "more than 5 s old" in measured.info.note
    assert "more than 5 s old" in measured.graph.camera.scaling.doubt
    np.testing.assert_allclose(depth_m, FACTOR * measured.raw, rtol=0.01)
    measured.frames_until(lambda info: info.consistent, "the return", good(measured))
    assert measured.info.note == "" and measured.graph.camera.scaling.doubt == ""


def test_stamps_that_are_too_far_apart_are_not_compared_and_the_reason_is_said(measured):
    def early(header):
        message = good(measured)(header)
        message.header.stamp.nanosec -= 200_000_000
        return message

    measured.frames_until(lambda info: "s off" in info.note, "the reason", early, "sensor/depth")
    assert measured.info.source == "focal" and "depth.sensor_max_dt_s" in measured.info.note
    assert measured.graph.set_parameter("depth.sensor_max_dt_s", 0.25).successful
    measured.frames_until(is_sensor, "the sensor's scale", early)


def test_depth_of_a_wrong_encoding_is_told_with_the_fix_and_the_next_good_one_works(
    measured, caplog
):
    def picture_instead(header):
        return image_message(RCLPY_TYPES, header, picture(), "rgb8")

    measured.frames_until(lambda info: "32FC1" in info.note, "the reason", picture_instead)
    assert measured.info.source == "focal"
    for _ in range(5):
        measured.graph.publish(picture_instead(header_at(measured.sec + 1)), "/sensor/depth")
        measured.frame()
    told = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert told == [
        "/sensor/depth: image encoding 'rgb8' is not a depth image; publish 32FC1 (m) or 16UC1 (mm)"
    ]
    measured.frames_until(is_sensor, "the sensor's scale", good(measured))


def test_depth_of_other_proportions_is_of_another_view(measured):
    measured.frames_until(
        lambda info: "another view" in info.note,
        "the reason",
        lambda header: depth_image(header, np.ones((40, 64), np.float32), "32FC1"),
    )
    assert measured.info.source == "focal"


def test_without_a_camera_info_points_cannot_be_used_and_images_can(graph_with):
    bench = Bench(graph_with(**SMALL, **{"depth.scale_source": "sensor"}))
    bench.frame()

    def cloud(header):
        return cloud_message(header, noisy(bench.raw, 200, 0.0, 1))

    bench.frames_until(
        lambda info: "without a usable CameraInfo" in info.note, "it", cloud, "sensor/points"
    )
    assert bench.info.source == "model"
    bench.frames_until(is_sensor, "the sensor's scale", good(bench))


def test_when_time_jumps_back_the_sensor_is_forgotten(measured):
    measured.frames_until(is_sensor, "the sensor's scale", good(measured))
    measured.graph.camera.reset()
    measured.frame()
    until(lambda: measured.info.source == "focal", "the news")
    measured.frames_until(is_sensor, "the sensor's scale", good(measured))


def test_the_sensor_is_heard_only_while_it_is_wanted(bench):
    heard = lambda: bench.graph.probe.count_subscribers("/sensor/depth")  # noqa: E731
    bench.frame()
    assert not heard()
    bench.graph.set_parameter("depth.scale_source", "sensor")
    bench.frame()
    until(lambda: heard() == 1, "a subscription")
    bench.graph.set_parameter("depth.scale_source", "focal")
    bench.frame()
    until(lambda: not heard(), "the subscription to go")


def test_the_topic_and_the_sensors_go_with_the_activity_and_return(measured):
    graph = measured.graph
    until(lambda: graph.probe.count_subscribers("/sensor/points") == 1, "a subscription")

    def change(transition: int) -> None:
        request = ChangeState.Request(transition=Transition(id=transition))
        assert graph.call(ChangeState, "/tips/change_state", request).success

    change(Transition.TRANSITION_DEACTIVATE)
    until(lambda: not graph.probe.count_publishers("/tips/depth/info"), "the topic to go")
    until(lambda: not graph.probe.count_subscribers("/sensor/points"), "the sensor to go")
    change(Transition.TRANSITION_ACTIVATE)
    measured.calibrate()
    measured.frame()
    measured.frames_until(is_sensor, "the sensor's scale", good(measured))


def test_each_camera_has_a_sensor_and_an_info_of_its_own(graph_with):
    bench = Bench(
        graph_with(**SMALL, cameras=["front"], **{"front.depth.scale_source": "sensor"}), "front"
    )
    bench.calibrate()

    def cloud(header):
        return cloud_message(header, noisy(bench.raw, 200, 0.3, 3), "front_optical_frame")

    bench.frame()
    bench.frames_until(is_sensor, "the sensor's scale", cloud, "sensor/points")
    assert bench.info.scale == pytest.approx(FACTOR, rel=0.01)
    assert bench.info.header.frame_id == "front_optical_frame"
