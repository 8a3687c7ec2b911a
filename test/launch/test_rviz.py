# SPDX-License-Identifier: Apache-2.0
"""config/tips.rviz shows topics that the node has, in ways that RViz and the topics allow."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
    qos_profile_sensor_data,
)

from tips_ros.messages.outputs import TOPICS
from tips_ros.messages.types import IMAGE, LASER_SCAN, MARKER_ARRAY, POINT_CLOUD
from tips_ros.ros.topics import qos

FILE = Path(__file__).resolve().parents[2] / "config" / "tips.rviz"
VIEW = yaml.safe_load(FILE.read_text(encoding="utf-8"))
MANAGER = VIEW["Visualization Manager"]
DISPLAYS = {display["Name"]: display for display in MANAGER["Displays"]}
WITH_TOPIC = {name: display for name, display in DISPLAYS.items() if "Topic" in display}
OUTPUTS = {f"tips/{topic.name}": topic for topic in TOPICS}
CAMERA, REMEMBERED = "Camera image", "Remembered things"
# Names of RViz's plugins as its plugins_description.xml has them, in Humble and in Jazzy.
PLUGINS = {
    *("Grid", "Image", "LaserScan", "MarkerArray", "PointCloud2", "TF"),
    *("FocusCamera", "Interact", "Measure", "MoveCamera", "PublishPoint", "Select"),
    "Orbit",
}
SHOWS = {
    "rviz_default_plugins/Image": IMAGE,
    "rviz_default_plugins/LaserScan": LASER_SCAN,
    "rviz_default_plugins/MarkerArray": MARKER_ARRAY,
    "rviz_default_plugins/PointCloud2": POINT_CLOUD,
}


def profile(display: dict) -> QoSProfile:
    """The QoS that RViz asks of a display's publisher."""
    topic = display["Topic"]

    def policy(kind, name: str):
        return kind[topic[name].upper().replace(" ", "_")]

    return QoSProfile(
        depth=topic["Depth"],
        history=policy(HistoryPolicy, "History Policy"),
        reliability=policy(ReliabilityPolicy, "Reliability Policy"),
        durability=policy(DurabilityPolicy, "Durability Policy"),
    )


def test_all_plugins_are_ones_that_rviz_has():
    used = [*MANAGER["Displays"], *MANAGER["Tools"]]
    used += [MANAGER["Views"]["Current"], *MANAGER["Views"]["Saved"]]
    assert {plugin["Class"] for plugin in used} <= {f"rviz_default_plugins/{n}" for n in PLUGINS}


def test_the_picture_of_every_kind_of_output_is_shown():
    shown = {d["Topic"]["Value"] for d in WITH_TOPIC.values() if d["Enabled"]}
    assert shown == {
        *("image", "tips/points_filtered"),
        *("tips/depth/image", "tips/normals/color", "tips/semantic/color"),
    }


def test_the_cloud_of_all_pixels_waits_to_be_asked_for():
    assert DISPLAYS["Points"]["Topic"]["Value"] == "tips/points"
    assert not DISPLAYS["Points"]["Enabled"]


def test_what_is_ticked_is_what_is_enabled():
    """RViz writes both, and reads Enabled."""
    assert all(display["Value"] == display["Enabled"] for display in DISPLAYS.values())


@pytest.mark.parametrize("name", sorted(set(WITH_TOPIC) - {CAMERA, "Heat map", REMEMBERED}))
class TestEachOutput:
    def test_is_a_topic_of_the_node_of_the_type_the_display_shows(self, name: str):
        display = WITH_TOPIC[name]
        assert OUTPUTS[display["Topic"]["Value"]].type == SHOWS[display["Class"]]

    def test_is_asked_for_as_the_node_publishes_it(self, name: str):
        asked = profile(WITH_TOPIC[name])
        assert qos_check_compatible(qos.output(), asked)[0] != QoSCompatibility.ERROR
        assert asked.reliability == ReliabilityPolicy.RELIABLE


def test_what_is_remembered_is_shown_also_when_rviz_comes_late():
    """It is published when it changes alone; test/ros/test_node_memory has the topic itself."""
    display = WITH_TOPIC[REMEMBERED]
    assert SHOWS[display["Class"]] == MARKER_ARRAY
    assert display["Topic"]["Value"] == "tips/memory/markers"
    asked = profile(display)
    assert qos_check_compatible(qos.latched(), asked)[0] != QoSCompatibility.ERROR
    assert asked.durability == DurabilityPolicy.TRANSIENT_LOCAL


def test_the_camera_is_asked_for_as_cameras_publish():
    asked = profile(WITH_TOPIC[CAMERA])
    assert qos_check_compatible(qos_profile_sensor_data, asked)[0] != QoSCompatibility.ERROR


def test_the_cloud_is_coloured_by_its_rgb_field():
    for name in ("Points", "Filtered points"):
        points = DISPLAYS[name]
        assert (points["Color Transformer"], points["Position Transformer"]) == ("RGB8", "XYZ")


@pytest.mark.parametrize(
    "name", [n for n, display in DISPLAYS.items() if display["Class"].endswith("/Image")]
)
def test_the_range_of_float_images_is_not_rounded_to_whole_numbers(name: str):
    """RViz casts the medians of a window larger than one to integers: metres, or a heat map's 0."""
    assert DISPLAYS[name]["Normalize Range"] is True
    assert DISPLAYS[name]["Median window"] == 1


def test_the_view_looks_forward_from_behind_the_camera_with_the_image_upright():
    """In the optical frame: x right, y down, z forward."""
    view = MANAGER["Views"]["Current"]
    pitch, yaw, distance = view["Pitch"], view["Yaw"], view["Distance"]
    # As RViz's Orbit view places its eye around the focal point; its up is +z made perpendicular.
    towards_eye = (
        math.cos(yaw) * math.cos(pitch),
        math.sin(yaw) * math.cos(pitch),
        math.sin(pitch),
    )
    eye_z = view["Focal Point"]["Z"] + distance * towards_eye[2]
    up_y = -towards_eye[1] * towards_eye[2]
    assert eye_z < 0.0, "behind the camera"
    assert towards_eye[1] < 0.0, "above it"
    assert abs(towards_eye[0]) < 1e-3, "neither left nor right of it"
    assert up_y < 0.0, "not upside down"


def test_each_panel_has_its_place_in_the_window():
    """RViz finds the docks by the displays' and panels' names; one without a place would float."""
    state = bytes.fromhex(VIEW["Window Geometry"]["QMainWindow State"])
    panels = [panel["Name"] for panel in VIEW["Panels"]]
    images = [n for n, display in DISPLAYS.items() if display["Class"].endswith("/Image")]
    for name in (*panels, *images):
        assert name.encode("utf-16-be") in state
        assert name in VIEW["Window Geometry"]
