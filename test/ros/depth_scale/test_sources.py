# SPDX-License-Identifier: Apache-2.0
"""Depth in metres by the focal length and by a fixed scale, and what ~/depth/info says of it."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from tips_ros.msg import DepthInfo
from tips_ros.srv import Locate

from tips_ros.model.depth_bins import DepthBins
from tips_ros.perception.description import NYU_FOCAL_RATIO
from tips_ros.ros.topics import qos

from ..example_messages import header_at, picture
from ..live_graph import PATIENCE_S, until

FOCAL_FACTOR = 50 / 64 / NYU_FOCAL_RATIO  # of `camera_info`


END_M = 16.0 * 0.98  # of the demo model's range


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
    assert bench.info.source == "model"  # a latched topic keeps the newest: each is waited for
    bench.calibrate()
    for _ in range(3):
        bench.frame()
    until(lambda: bench.info.source == "focal", "the news")
    assert bench.graph.set_parameter("depth.fixed_scale", 2.5).successful
    assert bench.graph.set_parameter("depth.scale_source", "fixed").successful
    np.testing.assert_allclose(bench.frame(), 2.5 * bench.raw, rtol=1e-6)
    until(lambda: bench.info.source == "fixed", "the news")
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
    predictor.description = scaling.description = nearer
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
    request = Locate.Request(prompt=name, timeout_s=PATIENCE_S)
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
