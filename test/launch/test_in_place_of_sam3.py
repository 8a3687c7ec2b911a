# SPDX-License-Identifier: Apache-2.0
"""Topics that Nav2's SAM3 tutorial subscribes to are there, in the types that it takes.

Its topics are those of open-navigation/opennav_amd_semantic_navigation at 4a3f6b4
(opennav_sam3_nav_demo/config/nav2_semantic_params.yaml) and 00de478 (sam3_node.py).
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tips_ros.messages.outputs import TOPICS
from tips_ros.ros.parameters.table import PARAMETERS

FILE = Path(__file__).resolve().parents[2] / "launch" / "examples" / "in_place_of_sam3.launch.py"
LABEL_INFO = "vision_msgs/msg/LabelInfo"
TYPES = {f"~/{topic.name}": topic.type for topic in TOPICS} | {"~/semantic/label_info": LABEL_INFO}
TAKEN = {
    "/sam3_inference/resized/label_mask": "sensor_msgs/msg/Image",
    "/sam3_inference/label_info": LABEL_INFO,
    "/sensors/camera_0/points_registered": "sensor_msgs/msg/PointCloud2",
    "/sam3_inference/segmentation_mask": "sensor_msgs/msg/Image",
}


@pytest.fixture
def example() -> dict[str, Any]:
    """Its constants, which need no `launch`."""
    assigned = [one for one in ast.parse(FILE.read_text()).body if isinstance(one, ast.Assign)]
    return {ast.unparse(one.targets[0]): ast.literal_eval(one.value) for one in assigned}


def test_each_topic_of_the_tutorial_is_an_output_of_its_type(example):
    assert {there: TYPES[here] for here, there in example["REMAPPINGS"].items()} == TAKEN


def test_its_parameters_are_the_node_s(example):
    assert set(example["PARAMETERS"]) <= {declared.name for declared in PARAMETERS}
    assert example["PARAMETERS"]["points.stride"] == 1, "mask and cloud have one size"
