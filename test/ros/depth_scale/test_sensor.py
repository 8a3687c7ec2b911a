# SPDX-License-Identifier: Apache-2.0
"""A depth sensor gives the scale: by images of either encoding and by points, in any frame."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.messages.transform_error import TransformError

from ..depth_bench import deep_room, is_sensor
from ..example_messages import header_at
from ..live_graph import until
from ..sensor_scene import FACTOR, cloud_message, depth_image, noisy


def test_until_the_sensor_speaks_the_focal_length_is_live_and_that_is_said(measured):
    until(lambda: measured.info.source == "focal", "a frame that knows the lens")
    info = measured.info
    assert info.wanted == "sensor" and info.consistent
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
        if target == "odom":
            raise TransformError("nobody tells how the robot moves")
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
    rgb = deep_room()
    raw = measured.graph.node.predictor.predict(rgb, ["depth"]).depth_m
    near, far = np.quantile(raw, (0.05, 0.95))
    assert far > 1.4 * near, "the picture has too little depth to tell an offset"

    def image(header):
        return depth_image(header, FACTOR * raw + np.float32(0.3), "32FC1")

    depth_m = measured.frames_until(is_sensor, "the sensor's scale", image, rgb=rgb)
    assert measured.info.scale == pytest.approx(FACTOR, rel=0.01)
    assert measured.info.offset_m == pytest.approx(0.3, abs=0.03)
    np.testing.assert_allclose(depth_m, FACTOR * raw + 0.3, rtol=0.01)
