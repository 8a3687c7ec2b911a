# SPDX-License-Identifier: Apache-2.0
"""The Nav2 files name topics that the node has, by keys that their readers declare, in their types.

The keys are those of ros-navigation/navigation2 at a3a9704 (1.5.0, August 2026) and of
dfki-ric/nav2_ground_consistency_costmap_plugin at 41cec62, read in their sources: a key that is
not declared is not read, and rclcpp refuses a value of another type.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from tips_ros.messages.outputs import TOPICS
from tips_ros.ros.parameters.table import PARAMETERS

CONFIG = Path(__file__).resolve().parents[2] / "config"
TYPES = {f"/tips/{topic.name}": topic.type for topic in TOPICS}
CLOUD = "sensor_msgs/msg/PointCloud2"

VOXEL_LAYER = {
    "plugin": str, "enabled": bool, "footprint_clearing_enabled": bool,
    "max_obstacle_height": float, "min_obstacle_height": float,
    "origin_z": float, "z_resolution": float, "z_voxels": int,
    "unknown_threshold": int, "mark_threshold": int, "combination_method": int,
    "publish_voxel_map": bool, "observation_sources": str, "tf_filter_tolerance": float,
}  # fmt: skip
OBSERVATION = {
    "topic": str, "sensor_frame": str, "observation_persistence": float,
    "expected_update_rate": float, "data_type": str, "min_obstacle_height": float,
    "max_obstacle_height": float, "inf_is_valid": bool, "marking": bool, "clearing": bool,
    "transport_type": str, "obstacle_max_range": float, "obstacle_min_range": float,
    "raytrace_max_range": float, "raytrace_min_range": float,
}  # fmt: skip
MONITOR = {
    "base_frame_id": str, "odom_frame_id": str, "cmd_vel_in_topic": str, "cmd_vel_out_topic": str,
    "state_topic": str, "transform_tolerance": float, "source_timeout": float,
    "base_shift_correction": bool, "stop_pub_timeout": float, "polygons": list,
    "observation_sources": list, "use_realtime_priority": bool, "enabled": bool,
}  # fmt: skip
POLYGON = {
    "type": str, "points": str, "action_type": str, "min_points": int, "visualize": bool,
    "polygon_pub_topic": str, "enabled": bool, "slowdown_ratio": float,
    "time_before_collision": float, "simulation_time_step": float, "sources_names": list,
}  # fmt: skip
CLOUD_SOURCE = {
    "type": str, "topic": str, "enabled": bool, "source_timeout": float, "min_height": float,
    "max_height": float, "min_range": float, "use_global_height": bool, "transport_type": str,
}  # fmt: skip
CONSISTENCY = {
    "plugin": str, "ground_points_topic": str, "nonground_points_topic": str, "tf_timeout": float,
    "ground_inc": float, "nonground_inc": float, "ground_decay": float, "nonground_decay": float,
    "nonground_occ_thresh": float, "nonground_prob_thresh": float, "max_score": float,
    "min_clearance": float, "robot_height": float, "footprint_clearing_enabled": bool,
    "enable_kpi_logging": bool, "max_data_range": float, "maximum_height_filter": float,
    "discretize_costs": bool, "ground_neighbor_search_cells": int,
}  # fmt: skip


def costmap(name: str) -> dict[str, Any]:
    read = yaml.safe_load((CONFIG / name).read_text(encoding="utf-8"))
    found: dict[str, Any] = read["local_costmap"]["local_costmap"]["ros__parameters"]
    return found


def check(given: dict[str, Any], declared: dict[str, type]) -> None:
    """Each key is declared, and of the very type: rclcpp takes no integer for a double."""
    for key, value in given.items():
        assert key in declared, f"nobody reads {key}"
        assert type(value) is declared[key], f"{key} is {value!r}"


def test_the_voxel_layer_marks_obstacles_and_clears_by_floor():
    parameters = costmap("nav2_voxel_layer.yaml")
    layer = parameters["tips_layer"]
    assert "tips_layer" in parameters["plugins"] and "obstacle_layer" in parameters["plugins"]
    sources = layer["observation_sources"].split()
    check({k: v for k, v in layer.items() if k not in sources}, VOXEL_LAYER)
    for name in sources:
        source = layer[name]
        check(source, OBSERVATION)
        assert TYPES[source["topic"]] == CLOUD and source["data_type"] == "PointCloud2"
        assert source["max_obstacle_height"] > source["min_obstacle_height"], "both are 0 untold"
        assert "sensor_frame" not in source, "the cloud is in the camera's own frame"
    assert layer["obstacles"]["marking"] and layer["obstacles"]["clearing"]
    assert not layer["ground"]["marking"] and layer["ground"]["clearing"]
    top = layer["origin_z"] + layer["z_voxels"] * layer["z_resolution"]
    assert layer["obstacles"]["max_obstacle_height"] <= top + 1e-9
    assert layer["z_voxels"] <= 16, "the grid has no more"


def test_the_collision_monitor_stops_for_what_stands_on_the_floor():
    read = yaml.safe_load((CONFIG / "nav2_collision_monitor.yaml").read_text(encoding="utf-8"))
    given = read["collision_monitor"]["ros__parameters"]
    named = [*given["polygons"], *given["observation_sources"]]
    check({k: v for k, v in given.items() if k not in named}, MONITOR)
    for name in given["polygons"]:
        check(given[name], POLYGON)
        corners = ast.literal_eval(given[name]["points"])
        assert len(corners) >= 3
    for name in given["observation_sources"]:
        source = given[name]
        check(source, CLOUD_SOURCE)
        assert source["type"] == "pointcloud" and TYPES[source["topic"]] == CLOUD
        assert source["min_height"] < 0.0, "0.05, which is untold, leaves out drops and low things"


def test_the_ground_consistency_layer_has_both_clouds():
    parameters = costmap("nav2_ground_consistency.yaml")
    layer = parameters["ground_consistency_layer"]
    check(layer, CONSISTENCY)
    assert layer["ground_points_topic"] == "/tips/points_ground"
    assert layer["nonground_points_topic"] == "/tips/points_obstacles"
    assert TYPES[layer["ground_points_topic"]] == TYPES[layer["nonground_points_topic"]] == CLOUD
    assert layer["min_clearance"] < 0.05, "what is lower is ignored"


@pytest.mark.parametrize(
    "name", ["nav2_voxel_layer.yaml", "nav2_collision_monitor.yaml", "nav2_ground_consistency.yaml"]
)
def test_what_the_files_ask_of_the_node_are_its_parameters(name):
    text = (CONFIG / name).read_text(encoding="utf-8")
    asked = [line[4:].split(":")[0] for line in text.splitlines() if line.startswith("#   ")]
    assert asked
    known = {declared.name for declared in PARAMETERS}
    assert set(asked) <= known
