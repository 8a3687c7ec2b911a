# SPDX-License-Identifier: Apache-2.0
"""docs/diagnostics.md has each key of the node's diagnostics, in their order, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tips_ros.messages.outputs import TOPICS
from tips_ros.ros.health.diagnostics import CameraState, NodeState, statuses
from tips_ros.ros.health.statistics import STAGES, Statistics

PAGE = (Path(__file__).parents[3] / "docs" / "diagnostics.md").read_text(encoding="utf-8")


def documented(heading: str) -> list[str]:
    """The keys of a section; those that are shortened there, spelt out."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    keys = []
    for line in section.splitlines():
        if line.startswith("| `published, depth/image` …"):
            keys += [f"published, {topic.name}" for topic in TOPICS]
        elif line.startswith("| `stage decode p50"):
            named = re.findall(r"`(\w+)`", line.split("|")[1])
            assert ["decode", *named] == list(STAGES)
            keys += [f"stage {stage} {part} (ms)" for stage in STAGES for part in ("p50", "p95")]
        elif line.startswith("| `"):
            keys += re.findall(r"`([^`]+)`", line.split("|")[1])
    return keys


def reported(name: str) -> list[list[str]]:
    camera = CameraState(name, Statistics().snapshot(), [], {}, topic="/image")
    found = statuses(NodeState("tips", None, "", {}, [camera], 5.0))
    return [[value.key for value in status.values] for status in found]


def test_the_keys_of_several_cameras_stand_in_statuses_of_their_own():
    assert reported("front") == [documented("The node's"), documented("A camera's")]


def test_those_of_one_camera_follow_the_node_s():
    assert reported("") == [documented("The node's") + documented("A camera's")]


@pytest.mark.parametrize(
    ("namespaced", "first"),
    [("tips", "tips: perception"), ("robot1/tips", "robot1/tips: perception")],
)
def test_names_and_hardware_are_those_of_the_page(namespaced, first):
    camera = CameraState("front", Statistics().snapshot(), [], {}, topic="/front/image")
    node, own = statuses(NodeState(namespaced, None, "", {}, [camera], 5.0))
    assert (node.name, own.hardware_id) == (first, "/front/image")
    assert f"`{first}`" in PAGE
