# SPDX-License-Identifier: Apache-2.0
"""The policy for SROS 2 allows the node what it does, and nothing that it does not."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tips_ros.messages.outputs import TOPICS
from tips_ros.messages.types import rclpy_class
from tips_ros.ros.topics import qos

from ..ros.conftest import graph_with  # noqa: F401

POLICY = Path(__file__).resolve().parents[2] / "config" / "sros2_policy.xml"
# Children and attributes, and whether they must be there, as SROS 2's policy.xsd has them.
SCHEMA = {
    "policy": ({"enclaves"}, {"version"}),
    "enclaves": ({"enclave"}, set()),
    "enclave": ({"profiles"}, {"path"}),
    "profiles": ({"profile"}, set()),
    "profile": ({"topics", "services", "actions"}, {"ns", "node"}),
    "topics": ({"topic"}, set()),
    "services": ({"service"}, set()),
    "topic": (set(), set()),
    "service": (set(), set()),
}
RULES = {"topics": {"publish", "subscribe"}, "services": {"reply", "request"}}
# What is there only with a parameter or a library, as the comments of the file say.
SOMETIMES = {
    *("/image/compressed", "/sensor/depth", "/sensor/points", "/sensor/scan", "/imu", "/clock"),
    *("/tf", "/tf_static", "/tips/semantic/label_info", "/tips/get_type_description"),
    *("/tips/objects", "/tips/objects_2d"),
}


def rules(kind: str, rule: str) -> set[str]:
    """The names that the node's profile allows by a rule, in full."""
    profile = ElementTree.parse(POLICY).find(".//profile[@node='tips']")
    assert profile is not None
    return {
        _full(str(entry.text))
        for group in profile.findall(kind)
        if group.get(rule) == "ALLOW"
        for entry in group
    }


def _full(name: str) -> str:
    return name.replace("~", "/tips", 1) if name.startswith("~") else f"/{name.lstrip('/')}"


def _elements() -> Iterator[ElementTree.Element]:
    yield from ElementTree.parse(POLICY).getroot().iter()


def test_the_file_is_built_as_the_schema_of_sros2_wants_it():
    for element in _elements():
        children, attributes = SCHEMA[element.tag]
        assert {child.tag for child in element} <= children, element.tag
        assert attributes <= set(element.attrib), element.tag
        rest = set(element.attrib) - attributes
        assert rest <= RULES.get(element.tag, set()), element.tag
        assert all(element.get(rule) in ("ALLOW", "DENY") for rule in rest)
        assert bool(children) == bool(len(element)), f"{element.tag} is empty"


def test_every_output_topic_is_allowed():
    allowed = rules("topics", "publish")
    assert {f"/tips/{topic.name}" for topic in TOPICS} <= allowed


@pytest.mark.live
def test_the_running_node_does_what_the_policy_allows_and_all_of_it(graph_with):  # noqa: F811
    graph = graph_with(input_height=112, input_width=112, prompts=["red cup"]).active()
    for topic in TOPICS:
        graph.probe.create_subscription(
            rclpy_class(topic.type), f"/tips/{topic.name}", lambda _: None, qos.output()
        )
    found: dict[tuple[str, str], set[str]] = {}
    by_rule = {
        ("topics", "publish"): graph.probe.get_publisher_names_and_types_by_node,
        ("topics", "subscribe"): graph.probe.get_subscriber_names_and_types_by_node,
        ("services", "reply"): graph.probe.get_service_names_and_types_by_node,
    }
    end = time.monotonic() + 60
    missing = {"to be looked for"}
    while missing and time.monotonic() < end:
        time.sleep(0.2)
        found = {rule: {name for name, _ in ask("tips", "/")} for rule, ask in by_rule.items()}
        missing = {
            name
            for rule, names in found.items()
            for name in rules(*rule) - SOMETIMES
            if not fnmatch.filter(names, name)
        }
    assert not missing, "the policy allows what the node does not do"
    for rule, names in found.items():
        beside = {name for name in names if not any(fnmatch.fnmatch(name, p) for p in rules(*rule))}
        assert names and not beside, f"{rule} does not allow what the node does"
