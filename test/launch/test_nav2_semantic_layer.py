# SPDX-License-Identifier: Apache-2.0
"""config/nav2_semantic_layer.yaml names topics and classes that the node really has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tips_ros.perception.semantic.class_lists import listed_lines
from tips_ros.ros.outputs import TOPICS

FILE = Path(__file__).resolve().parents[2] / "config" / "nav2_semantic_layer.yaml"


@pytest.fixture
def source() -> dict[str, Any]:
    costmap = yaml.safe_load(FILE.read_text(encoding="utf-8"))["local_costmap"]["local_costmap"]
    layer: dict[str, Any] = costmap["ros__parameters"]["semantic_layer"]
    return layer["tips"]


def test_the_topics_are_outputs_of_the_node(source):
    types = {f"/tips/{topic.name}": topic.type for topic in TOPICS}
    assert types[source["segmentation_topic"]] == "sensor_msgs/msg/Image"
    assert types[source["confidence_topic"]] == "sensor_msgs/msg/Image"
    assert types[source["pointcloud_topic"]] == "sensor_msgs/msg/PointCloud2"
    assert source["labels_topic"] == "/tips/semantic/label_info"


def test_the_classes_are_in_the_list_that_the_file_asks_for(source):
    path = FILE.parent / "classes" / "indoor_robot.txt"
    known = {line.split(":")[0].strip() for line in listed_lines(path)}
    named = [name for kind in source["class_types"] for name in source[kind]["classes"]]
    assert set(named) <= known
    assert len(named) == len(set(named)), "a class has one cost"


def test_the_lifecycle_manager_asks_for_no_bond_and_has_this_node_alone():
    manager = yaml.safe_load(FILE.read_text(encoding="utf-8"))["lifecycle_manager_tips"]
    parameters = manager["ros__parameters"]
    assert parameters["bond_timeout"] == 0.0
    assert isinstance(parameters["bond_timeout"], float), "an integer is of another type to ROS"
    assert parameters["node_names"] == ["tips"]
