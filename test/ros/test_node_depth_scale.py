# SPDX-License-Identifier: Apache-2.0
"""Depth in metres by each source, live: what is published, and what ~/depth/info says of it."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from tips_ros.msg import DepthInfo
from tips_ros.srv import Locate

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.model.depth_bins import DepthBins
from tips_ros.perception.description import NYU_FOCAL_RATIO
from tips_ros.ros.topics import qos

from .conftest import header_at, picture, until
from .depth_bench import SMALL, Bench, is_sensor
from .sensor_scene import FACTOR, cloud_message, depth_image, noisy

FOCAL_FACTOR = 50 / 64 / NYU_FOCAL_RATIO  # of `camera_info`
END_M = 16.0 * 0.98  # of the demo model's range


@pytest.fixture
def bench(graph):
    """The default: by the focal length."""
    return Bench(graph)


@pytest.fixture
def measured(graph_with):
    """By the sensor, with a calibrated camera and one frame behind it."""
    bench = Bench(graph_with(**SMALL, **{"depth.scale_source": "sensor"}))
    bench.calibrate()
    bench.frame()
    return bench


def test_depth_follows_the_focal_length_of_the_camera(bench):
    bench.calibrate(50.0)
    np.testing.assert_allclose(bench.frame(), np.float32(FOCAL_FACTOR) * bench.raw, rtol=1e-5)
    info = until(lambda: [i for i in bench.infos if i.source == "focal"], "the info")[0]
    assert info.header == header_at(1)
    assert (info.source, info.wanted, info.metric, info.consistent) == ("focal",) * 2 + (True,) * 2
    assert info.scale == pytest.approx(FOCAL_FACTOR) and info.offset_m == 0.0 and info.note == ""
    assert info.max_range_m == pytest.approx(FOCAL_FACTOR * END_M, rel=1e-5)
    assert 0.0 < info.min_range_m < 0.01
    assert np.isnan(info.spread) and info.samples == 0
    bench.calibrate(100.0)  # the same picture through a lens of twice the focal length
    np.testing.assert_allclose(bench.frame(), np.float32(2 * FOCAL_FACTOR) * bench.raw, rtol=1e-5)
    until(lambda: bench.info.scale == pytest.approx(2 * FOCAL_FACTOR), "the news")


def test_without_a_camera_info_depth_is_the_models_and_that_is_said(bench):
    np.testing.assert_array_equal(bench.frame(), bench.raw)
    info = bench.info
    assert (info.source, info.wanted, info.metric, info.consistent) == (
        ("model", "focal", False, True)
    )
    assert "focal length is not known" in info.note
    assert bench.graph.camera.scaling.doubt == ""  # nothing is wrong with it
    bench.calibrate()
    bench.frame()
    until(lambda: bench.info.source == "focal", "the news")


def test_the_source_changes_at_once_and_news_alone_are_told(bench):
    bench.calibrate()
    for _ in range(3):
        bench.frame()
    assert bench.graph.set_parameter("depth.fixed_scale", 2.5).successful
    assert bench.graph.set_parameter("depth.scale_source", "fixed").successful
    np.testing.assert_allclose(bench.frame(), 2.5 * bench.raw, rtol=1e-6)
    assert bench.graph.set_parameter("depth.scale_source", "model").successful
    np.testing.assert_array_equal(bench.frame(), bench.raw)
    until(lambda: len(bench.infos) >= 4, "four messages")
    assert [(i.source, i.header.stamp.sec) for i in bench.infos] == [
        ("model", 0),  # before any depth was made
        ("focal", 1),
        ("fixed", 4),
        ("model", 5),
    ]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("depth.scale_source", "lidar", "model, focal, sensor, fixed, ground"),
        ("depth.fixed_scale", 0.0, "0.001 to 1000.0"),
        ("depth.sensor_max_dt_s", -1.0, "0.0 to 10.0"),
    ],
)
def test_what_can_be_no_scale_is_refused_with_the_reason(graph, name, value, reason):
    result = graph.set_parameter(name, value)
    assert not result.successful and reason in result.reason


def test_beyond_the_models_range_depth_is_infinite(bench):
    half = float(np.median(bench.raw))
    predictor, scaling = bench.graph.node.predictor, bench.graph.camera.scaling
    nearer = replace(predictor.description, bins=DepthBins(max_m=half / 0.98))
    predictor.description = scaling._description = nearer
    depth_m = bench.frame()
    far = bench.raw >= np.float32(half)
    assert 0.2 < far.mean() < 0.8
    assert np.isposinf(depth_m[far]).all()
    np.testing.assert_array_equal(depth_m[~far], bench.raw[~far])
    assert bench.info.max_range_m == pytest.approx(half, rel=1e-5)


def test_a_late_subscriber_gets_what_is_in_force(bench):
    bench.calibrate()
    bench.frame()
    late = bench.graph.keep(DepthInfo, "/tips/depth/info", qos.latched())
    message = until(lambda: late, "the latched message")[0]
    assert (message.header, message.source) == (header_at(1), "focal")
    assert message.scale == pytest.approx(FOCAL_FACTOR)


def test_a_found_thing_is_as_far_as_the_scale_says(bench):
    assert bench.graph.set_parameter("depth.scale_source", "fixed").successful
    assert bench.graph.set_parameter("depth.fixed_scale", 7.0).successful
    predictor, shown = bench.graph.node.predictor, []
    labels = predictor.predict(picture(), ["semantic"]).labels
    name = predictor.description.classes.name_of(int(np.bincount(labels.ravel()).argmax()))
    questions = bench.graph.camera.queries
    request = Locate.Request(prompt=name, timeout_s=20.0)
    calling = threading.Thread(
        target=lambda: shown.append(bench.graph.call(Locate, "/tips/locate", request))
    )
    calling.start()
    until(lambda: questions.waiting, "the question")
    bench.graph.publish_image(sec=9)
    calling.join()
    assert shown[0].success and shown[0].regions
    for region in shown[0].regions:
        assert 7 * bench.raw.min() * 0.99 <= region.median_depth_m <= 7 * bench.raw.max() * 1.01


def test_until_the_sensor_speaks_the_focal_length_is_live_and_that_is_said(measured):
    info = measured.info
    assert (info.source, info.wanted) == ("focal", "sensor") and info.consistent
    assert "no depth of the sensor came yet" in info.note
    assert measured.graph.camera.scaling.doubt == info.note


def test_200_noisy_points_of_which_30_percent_are_wrong_give_the_scale_within_1_percent(measured):
    def cloud(header):
        return cloud_message(header, noisy(measured.raw, count=200, bad=0.3, seed=header.stamp.sec))

    depth_m = measured.frames_until(is_sensor, "the sensor's scale", cloud, "sensor/points")
    info = measured.info
    assert info.scale == pytest.approx(FACTOR, rel=0.01)
    np.testing.assert_allclose(depth_m, np.float32(info.scale) * measured.raw, rtol=0.011)
    assert info.metric and info.consistent and info.note == ""
    assert info.samples == 200 and 125 <= info.inliers <= 155
    assert 0.02 < info.spread < 0.09
    facts = measured.graph.camera.scaling.facts()
    assert facts["depth scale source"] == "sensor"
    assert facts["depth scale samples"] == "200"


@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
@pytest.mark.parametrize("times", [1, 2])
def test_depth_images_of_either_encoding_and_of_any_size_give_it_too(measured, encoding, times):
    def image(header):
        sensor_m = noisy(measured.raw, count=measured.raw.size, bad=0.3, seed=header.stamp.sec)
        enlarged = sensor_m.repeat(times, axis=0).repeat(times, axis=1)
        return depth_image(header, enlarged, encoding)

    measured.frames_until(is_sensor, "the sensor's scale", image)
    assert measured.info.scale == pytest.approx(FACTOR, rel=0.01)
    assert measured.info.consistent and measured.info.samples > 2000


def test_points_of_another_frame_come_through_tf(measured, monkeypatch):
    """The LiDAR's x is forward, its y left, its z up, and it sits 0.2 m above the camera."""
    to_camera = np.array([[0, -1, 0, 0], [0, 0, -1, -0.2], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    asked = []

    def transform(target, source, stamp, timeout_s=0.0):
        asked.append((target, source, stamp, timeout_s))
        return to_camera

    monkeypatch.setattr(measured.graph.frames, "transform", transform)

    def cloud(header):
        sensor_m = noisy(measured.raw, count=200, bad=0.3, seed=header.stamp.sec)
        return cloud_message(header, sensor_m, "lidar", np.linalg.inv(to_camera))

    measured.frames_until(is_sensor, "the sensor's scale", cloud, "sensor/points")
    assert measured.info.scale == pytest.approx(FACTOR, rel=0.01)
    target, source, stamp, timeout_s = asked[-1]
    assert (target, source, timeout_s) == (header_at(1).frame_id, "lidar", 0.0)
    assert stamp.sec == measured.sec


def test_points_of_a_frame_that_nobody_knows_leave_the_focal_length_and_say_so(measured):
    def cloud(header):
        return cloud_message(header, noisy(measured.raw, 200, 0.0, 1), "lidar")

    measured.frames_until(
        lambda info: "/sensor/points" in info.note, "the reason", cloud, "sensor/points"
    )
    assert measured.info.source == "focal"


def test_an_offset_is_fitted_when_asked_for(measured):
    assert measured.graph.set_parameter("depth.sensor_offset", True).successful
    rgb = near_door()
    raw = measured.graph.node.predictor.predict(rgb, ["depth"]).depth_m
    near, far = np.quantile(raw, (0.05, 0.95))
    assert far > 1.4 * near, "the picture has too little depth to tell an offset"

    def image(header):
        return depth_image(header, FACTOR * raw + np.float32(0.3), "32FC1")

    depth_m = measured.frames_until(is_sensor, "the sensor's scale", image, rgb=rgb)
    assert measured.info.scale == pytest.approx(FACTOR, rel=0.01)
    assert measured.info.offset_m == pytest.approx(0.3, abs=0.03)
    np.testing.assert_allclose(depth_m, FACTOR * raw + 0.3, rtol=0.01)


def near_door() -> np.ndarray:
    """A picture with more depth in it than `picture`: something dark before wall and floor."""
    rgb = np.full((48, 64, 3), 200, np.uint8)
    rgb[:, :20] = 150
    rgb[30:, 20:] = 120, 90, 60
    rgb[30:, :20] = 150
    rgb[12:40, 40:60] = 90, 60, 30
    return rgb


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
