# SPDX-License-Identifier: Apache-2.0
"""config/nav2_semantic_layer.yaml names topics and classes that the node really has.

Its keys are those of ros-navigation/semantic_segmentation_layer at b269885 (May 2026), read in its
source: a key that is not declared is not read, and rclcpp refuses a value of another type.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tips_ros.messages.outputs import TOPICS
from tips_ros.perception.classes.class_files import read_lines

LAYER = {
    "plugin": str, "enabled": bool, "combination_method": int, "observation_sources": str,
    "publish_debug_topics": bool, "use_approximate_time_sync": bool, "sensor_data_depth": int,
}  # fmt: skip
SOURCE = {
    "segmentation_topic": str, "confidence_topic": str, "labels_topic": str,
    "pointcloud_topic": str, "observation_persistence": float, "expected_update_rate": float,
    "class_types": list, "max_obstacle_distance": float, "min_obstacle_distance": float,
    "tile_map_decay_time": float, "visualize_tile_map": bool, "use_cost_selection": bool,
    "camera_horizontal_fov": float, "camera_vertical_fov": float, "fov_decay_time": float,
    "outside_fov_decay_time": float, "visualize_frustum_fov": bool,
}  # fmt: skip
KIND = {
    "classes": list, "base_cost": int, "max_cost": int, "mark_confidence": int,
    "samples_to_max_cost": int, "dominant_priority": bool,
}  # fmt: skip
FILE = Path(__file__).resolve().parents[2] / "config" / "nav2_semantic_layer.yaml"


def beside() -> dict[str, Any]:
    """The parameters that the comment at its top gives the node: `#   name: value   why`."""
    text = FILE.read_text(encoding="utf-8")
    found = re.findall(r"^#   (\S+): (\S+)   ", text, re.MULTILINE)
    return {name: yaml.safe_load(value) for name, value in found}


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


def test_every_key_is_one_that_the_layer_declares_in_its_type(source):
    costmap = yaml.safe_load(FILE.read_text(encoding="utf-8"))["local_costmap"]["local_costmap"]
    layer = costmap["ros__parameters"]["semantic_layer"]
    kinds = source["class_types"]
    given = [({k: v for k, v in layer.items() if k != "tips"}, LAYER)]
    given += [({k: v for k, v in source.items() if k not in kinds}, SOURCE)]
    given += [(source[kind], KIND) for kind in kinds]
    for keys, declared in given:
        for key, value in keys.items():
            assert key in declared, f"nobody reads {key}"
            assert type(value) is declared[key], f"{key} is {value!r}"


def test_the_classes_are_in_the_list_that_the_file_asks_for(source):
    path = FILE.parent / "classes" / "indoor_robot.txt"
    known = {line.split(":")[0].strip() for line in read_lines(path)}
    named = [name for kind in source["class_types"] for name in source[kind]["classes"]]
    assert set(named) == known, "the layer prints an error for a class without a cost"
    assert len(named) == len(set(named)), "a class has one cost"


def test_the_lifecycle_manager_asks_for_no_bond_and_has_this_node_alone():
    manager = yaml.safe_load(FILE.read_text(encoding="utf-8"))["lifecycle_manager_tips"]
    parameters = manager["ros__parameters"]
    assert parameters["bond_timeout"] == 0.0
    assert isinstance(parameters["bond_timeout"], float), "an integer is of another type to ROS"
    assert parameters["node_names"] == ["tips"]


def test_masks_and_clouds_are_paired_by_their_exact_stamps():
    costmap = yaml.safe_load(FILE.read_text(encoding="utf-8"))["local_costmap"]["local_costmap"]
    assert costmap["ros__parameters"]["semantic_layer"]["use_approximate_time_sync"] is False


def test_a_drivable_pixel_wins_a_tile_from_an_unlabelled_one(source):
    """The layer replaces the pixel of a tile by a dearer one only, and unlabelled ones cost 0."""
    assert source["drivable"]["max_cost"] > 0
    assert source["drivable"]["max_cost"] < 10, "that is still free space"


@pytest.mark.parametrize("ahead_m", [1.0, 2.5, 3.5])
def test_an_open_door_stays_open(source, ahead_m):
    """Perfect depth and labels of a wall with a door, by a level camera, into tiles as the layer
    does it: of each tile the dearest pixel, whatever its height.
    """
    cost = {name: source[kind]["max_cost"] for kind in source["class_types"]
            for name in source[kind]["classes"]}  # fmt: skip
    camera_m, ceiling_m, f, width, height = 0.92, 2.6, 519.0, 320, 240
    v, u = np.mgrid[:height, :width]
    left, up = -(u - 159.5) * 2 / f, -(v - 119.5) * 2 / f  # of a ray whose step ahead is 1
    with np.errstate(divide="ignore"):
        room_m = np.where(up < 0, -camera_m / up, (ceiling_m - camera_m) / up)
    at_door = (np.abs(left * ahead_m) < 0.45) & (up * ahead_m + camera_m < 2.0)
    is_wall = (room_m > ahead_m) & ~at_door
    depth_m = np.where(is_wall, ahead_m, room_m)
    names = np.where(is_wall, "wall", np.where(up < 0, "floor", "ceiling"))

    given = beside()
    kept = up * depth_m + camera_m <= given["points.max_height_m"]
    kept &= ~np.isin(names, given["points.exclude"])
    seen = depth_m < source["max_obstacle_distance"]
    opening = np.abs(left * depth_m) < 0.4
    through = opening & (np.abs(depth_m - ahead_m) < 0.05) & seen
    assert "wall" in names[through & is_wall] or ahead_m < 1.5, "the lintel is in view"
    assert not [n for n in names[through & kept] if cost[n] >= 253], "the doorway is lethal"
    beside_it = ~opening & is_wall & kept & seen
    assert beside_it.any(), "the wall beside it is an obstacle all the same"
