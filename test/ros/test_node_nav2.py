# SPDX-License-Identifier: Apache-2.0
"""The messages that a Nav2 costmap layer takes from the node, taken as it takes them.

Mask, confidence and organised cloud of one size, one stamp and one frame, and class names that a
late subscriber gets, too; with the parameters and the names that config/nav2_semantic_layer.yaml
gives.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import Image, PointCloud2
from tips_ros.msg import ClassMap

from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE
from tips_ros.ros.outputs.class_map import ClassMapPublisher
from tips_ros.ros.parameters.table import PARAMETERS

from .analytic_scene import calibration
from .example_messages import FRAME_ID, mask_of, picture
from .live_graph import until
from .test_node_geometry import PLUMB_BOB, QUIET, tell

FILE = Path(__file__).resolve().parents[2] / "config" / "nav2_semantic_layer.yaml"
TEXT = FILE.read_text(encoding="utf-8")
LAYER = yaml.safe_load(TEXT)["local_costmap"]["local_costmap"]["ros__parameters"]["semantic_layer"]
SOURCE = LAYER["tips"]
# The comment at its top says what the node is to be given: `#   name: value   why`.
BESIDE = {
    name: yaml.safe_load(value) for name, value in re.findall(r"^#   (\S+): (\S+)   ", TEXT, re.M)
}
LATCHED = QoSProfile(
    depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, reliability=ReliabilityPolicy.RELIABLE
)
SIZE = (120, 160)


@pytest.fixture
def label_info(vision_msgs):
    """The class LabelInfo, importable during a test."""
    return vision_msgs.LabelInfo


@pytest.fixture
def layer(graph_with):
    """Starts the node as the file says, subscribes as the layer does and gives it a frame."""

    def start(**parameters):
        graph = graph_with(**QUIET, **{**BESIDE, **parameters}).active()
        topics = {
            "mask": (Image, SOURCE["segmentation_topic"]),
            "confidence": (Image, SOURCE["confidence_topic"]),
            "cloud": (PointCloud2, SOURCE["pointcloud_topic"]),
        }
        got = {
            name: graph.keep(type_, topic, qos_profile_sensor_data)
            for name, (type_, topic) in topics.items()
        }
        publishers = {p.topic_name: p for p in graph.node.publishers}
        until(
            lambda: all(publishers[t].get_subscription_count() for _, t in topics.values()),
            "the node to see its subscribers",
        )
        tell(graph, calibration(d=PLUMB_BOB))
        header = graph.publish_image(picture(*SIZE), sec=9)
        until(lambda: all(got.values()), "mask, confidence and cloud")
        return graph, header, SimpleNamespace(**{n: m[0] for n, m in got.items()})

    return start


def test_the_file_names_parameters_of_the_node_and_the_stride_that_keeps_the_sizes_equal():
    assert {"points.stride", "prompts"} <= set(BESIDE) <= {p.name for p in PARAMETERS}
    assert BESIDE["points.stride"] == 1
    assert set(BESIDE["points.exclude"]) <= set(SOURCE["overhead"]["classes"])


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"output_scale": 0.5},
        {"points.roi": [0.0, 0.5, 1.0, 0.5], "points.max_range_m": 4.0, "points.edge_jump": 0.02},
    ],
    ids=["as the file says", "smaller outputs", "points cut away"],
)
def test_mask_confidence_and_cloud_have_one_size_one_stamp_and_one_frame(layer, parameters):
    _, header, seen = layer(**parameters)
    scale = parameters.get("output_scale", 1.0)
    size = (round(SIZE[0] * scale), round(SIZE[1] * scale))
    for message in (seen.mask, seen.confidence, seen.cloud):
        assert (message.height, message.width) == size
        assert message.header == header
    assert header.frame_id == FRAME_ID
    assert (seen.mask.encoding, seen.confidence.encoding) == ("mono8", "mono8")
    assert (seen.mask.step, seen.confidence.step) == (size[1], size[1])
    assert not seen.cloud.is_dense
    assert seen.cloud.row_step == seen.cloud.point_step * size[1]
    assert {"x", "y", "z"} <= {field.name for field in seen.cloud.fields}
    points = np.frombuffer(seen.cloud.data, CLOUD_DTYPE).reshape(size)
    np.testing.assert_array_equal(points["label"], mask_of(seen.mask))
    assert np.isfinite(points["z"]).any()
    assert len(np.unique(mask_of(seen.confidence))) > 2, "a confidence is no constant"


def test_another_stride_would_part_their_sizes_as_the_file_warns(layer):
    _, _, seen = layer(**{"points.stride": 2})
    assert (seen.mask.height, seen.mask.width) == SIZE
    assert (seen.cloud.height, seen.cloud.width) == (SIZE[0] // 2, SIZE[1] // 2)


def test_a_late_layer_gets_the_names_of_all_ids_that_the_mask_can_have(layer, label_info):
    graph, _, seen = layer()
    got = graph.keep(label_info, SOURCE["labels_topic"], LATCHED)
    until(lambda: got, "the latched names")
    names = {entry.class_id: entry.class_name for entry in got[-1].class_map}
    costs = [name for kind in SOURCE["class_types"] for name in SOURCE[kind]["classes"]]
    assert set(costs) <= set(names.values())
    assert set(np.unique(mask_of(seen.mask))) - {255} <= set(names)
    assert 255 not in names

    before = graph.parameter("prompts")
    assert graph.set_prompts("floor", "robot vacuum").success
    graph.publish_image(picture(*SIZE), sec=10)
    until(lambda: len(got[-1].class_map) == 2, "the new names")
    assert [entry.class_name for entry in got[-1].class_map] == ["floor", "robot vacuum"]
    assert graph.parameter("prompts") != before


def test_who_listens_to_names_that_cannot_come_is_warned_once_of_what_that_does(
    graph_with, monkeypatch, capfd
):
    """Without vision_msgs; a subscriber of another type stands in for Nav2's."""
    module = sys.modules[ClassMapPublisher.__module__]

    def absent(name):
        raise ImportError("No module named 'vision_msgs'")

    monkeypatch.setattr(module, "rclpy_class", absent)
    graph = graph_with(**QUIET).active()
    graph.listen("semantic/image")
    graph.publish_image(sec=1)
    until(lambda: graph.received["semantic/image"], "a mask")
    assert "Nav2" not in capfd.readouterr().err, "nobody listens to the names"
    graph.keep(ClassMap, SOURCE["labels_topic"], LATCHED)
    until(lambda: graph.node.count_subscribers(SOURCE["labels_topic"]), "a subscriber")
    for sec in (2, 3):
        graph.publish_image(sec=sec)
        until(lambda n=sec: len(graph.received["semantic/image"]) == n, "a mask")
    warnings = [line for line in capfd.readouterr().err.splitlines() if "Nav2" in line]
    assert len(warnings) == 1
    assert "vision_msgs" in warnings[0] and SOURCE["labels_topic"][5:] in warnings[0]
