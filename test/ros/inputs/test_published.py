# SPDX-License-Identifier: Apache-2.0
"""The cameras of a graph: what tips nodes publish is left out, whoever plays it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tips_ros.messages.outputs import TOPICS
from tips_ros.ros.inputs.published import is_output, publishers

RAW, INFO = "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo"
CLASS_MAP, EVENT = "tips_ros/msg/ClassMap", "lifecycle_msgs/msg/TransitionEvent"


class Node:
    """A node of whose graph the test says everything: (topic, type, publishing node)."""

    def __init__(self, *endpoints: tuple[str, str, str]) -> None:
        self._endpoints = endpoints

    def get_name(self) -> str:
        return "tips"

    def get_namespace(self) -> str:
        return "/"

    def get_topic_names_and_types(self) -> list[tuple[str, list[str]]]:
        return [(topic, [type_]) for topic, type_, _ in self._endpoints]

    def resolve_topic_name(self, topic: str) -> str:
        return topic

    def get_publishers_info_by_topic(self, topic: str) -> list[Any]:
        found = []
        for name, type_, by in self._endpoints:
            if name == topic:
                place, _, node = by.rpartition("/")
                found.append(
                    SimpleNamespace(node_name=node, node_namespace=place or "/", topic_type=type_)
                )
        return found


CAMERA = ("/cam/image_raw", RAW, "/driver")


def topics_of(*endpoints: tuple[str, str, str], listened: str = "/image") -> set[str]:
    node: Any = Node(*endpoints)
    return set(publishers(node, listened))


@pytest.mark.parametrize("base", ["/tips_front", "/robot1/tips", "/perception/front"])
def test_the_outputs_of_another_node_are_no_camera(base: str):
    outputs = [(f"{base}/{name}", RAW, base) for name in ("semantic/color", "depth/image")]
    info = (f"{base}/depth/camera_info", INFO, base)
    classes = (f"{base}/semantic/classes", CLASS_MAP, base)
    assert topics_of(*outputs, info, classes, CAMERA) == {"/cam/image_raw"}


def test_nor_are_those_that_were_remapped():
    event = ("/robot/tips/transition_event", EVENT, "/robot/tips")
    outputs = [("/mask", RAW, "/robot/tips"), ("/names", CLASS_MAP, "/robot/tips")]
    assert topics_of(*outputs, event, CAMERA) == {"/cam/image_raw"}


def test_nor_are_those_of_a_bag_while_the_cameras_of_the_same_bag_are():
    player = "/rosbag2_player"
    played = [(f"/tips/{name}", RAW, player) for name in ("semantic/color", "similarity/cup")]
    classes = ("/tips/semantic/classes", CLASS_MAP, player)
    assert topics_of(*played, classes, ("/cam/image_raw", RAW, player)) == {"/cam/image_raw"}


def test_those_of_one_of_several_cameras_are_left_out_too():
    played = [("/tips/front/normals/color", RAW, "/p"), ("/tips/front/semantic/color", RAW, "/p")]
    classes = ("/tips/front/semantic/classes", CLASS_MAP, "/p")
    assert topics_of(*played, classes, CAMERA) == {"/cam/image_raw"}


def test_our_own_are_left_out_and_a_topic_that_is_listened_to_never_is():
    own = ("/tips/depth/image", RAW, "/tips")
    classes = ("/other/semantic/classes", CLASS_MAP, "/other")
    chained = ("/other/semantic/color", RAW, "/other")
    assert topics_of(own, classes, chained, CAMERA) == {"/cam/image_raw"}
    with_it = topics_of(own, classes, chained, CAMERA, listened="/other/semantic/color")
    assert with_it == {"/cam/image_raw", "/other/semantic/color"}


@pytest.mark.parametrize("name", [topic.name for topic in TOPICS])
def test_each_output_is_known_by_its_name(name: str):
    assert is_output(f"/tips/{name}", ["/tips/semantic/classes"])
    assert is_output(f"/tips/{name}/compressed", ["/tips/semantic/classes"])
    assert not is_output(f"/tips/{name}", ["/other/semantic/classes"])
    assert not is_output(f"/{name}", ["/tips/semantic/classes"])


def test_a_camera_in_the_same_namespace_stays_one():
    assert not is_output("/robot/image_raw", ["/robot/semantic/classes"])
