# SPDX-License-Identifier: Apache-2.0
"""The node as launch/examples starts it: it takes the params file, and listens to the driver."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES

from .example_messages import header_at, picture
from .live_graph import until

pytestmark = pytest.mark.live

FOLDER = Path(__file__).resolve().parents[2] / "launch" / "examples"


def remappings(name: str) -> dict[str, str]:
    """Those of an example, which need no `launch`."""
    for one in ast.parse((FOLDER / f"{name}.launch.py").read_text(encoding="utf-8")).body:
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "REMAPPINGS":
            found: dict[str, str] = ast.literal_eval(one.value)
            return found
    raise AssertionError(f"{name} has no REMAPPINGS")


@pytest.mark.parametrize("name", ["realsense", "oak", "zed", "usb_cam"])
def test_the_node_takes_the_file_and_listens_to_the_driver_s_topics(graph_with, name: str):
    topics = remappings(name)
    rules = [part for rule in topics.items() for part in ("-r", ":=".join(rule))]
    graph = graph_with(["--ros-args", "--params-file", str(FOLDER / f"{name}.yaml"), *rules])
    graph.active()
    assert graph.camera.input.topic == topics["image"]
    assert graph.camera.input.info_topic == topics["camera_info"]
    source = graph.parameter("depth.scale_source")
    assert source == ("sensor" if "sensor/depth" in topics else "focal")
    assert graph.parameter("rectified") is (name == "zed")
    sensors = {theirs for ours, theirs in topics.items() if "sensor/" in ours}
    graph.listen("depth/image")

    def hears_the_sensors() -> bool:  # from the first image on that depth is wanted of
        image = image_message(RCLPY_TYPES, header_at(1), picture(), "rgb8")
        graph.publish(image, topics["image"])
        return sensors <= {one.topic_name for one in graph.node.subscriptions}

    until(hears_the_sensors, f"the node to listen to {sensors}")
    until(lambda: graph.received["depth/image"], "depth of the driver's images")
