# SPDX-License-Identifier: Apache-2.0
"""docs/topics.md names what the running node has, with type and quality of service, and no more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rclpy.qos import QoSProfile

from tips_ros.messages.outputs import TOPICS, VISION_TOPICS
from tips_ros.messages.types import LABEL_INFO, rclpy_class
from tips_ros.ros.topics import qos

from .live_graph import until

SOURCE = Path(__file__).parents[2]
PAGE = (SOURCE / "docs" / "topics.md").read_text(encoding="utf-8")
# rclpy's own, in every lifecycle node; and what rclpy and tf2 listen to.
OWN = {"/rosout", "/parameter_events", "~/transition_event", "/clock", "/tf", "/tf_static"}
STATUS = QoSProfile(depth=10)
PROFILES = {
    "sensor": qos.sensor_input(),
    "output": qos.output(),
    "latched": qos.latched(),
    "status": STATUS,
}

MEMORY = {
    "~/find": "tips_ros/srv/Find",
    "~/memory/save": "tips_ros/srv/MemoryFile",
    "~/memory/load": "tips_ros/srv/MemoryFile",
    "~/memory/clear": "tips_ros/srv/ClearMemory",
}


class Endpoint(NamedTuple):
    """A topic as the page or the node has it."""

    type: str
    quality: str


def rows(heading: str) -> dict[str, list[str]]:
    """The tables below a heading: what the first cell names first → all cells."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section.splitlines()
        if line.startswith("| ") and not line.startswith(("| topic", "| name", "| service"))
    ]
    return {row[0].split("`")[1] if "`" in row[0] else row[0]: row for row in cells}


def documented(heading: str) -> dict[str, Endpoint]:
    """The topics of a section."""
    return {
        name: Endpoint(row[1], row[2])
        for name, row in rows(heading).items()
        if row[1].count("/") == 2
    }


def quality(profile: QoSProfile) -> str:
    """The page's word for it."""
    (word,) = [
        word
        for word, known in PROFILES.items()
        if (known.reliability, known.durability, known.depth)
        == (profile.reliability, profile.durability, profile.depth)
    ]
    return word


def live(endpoints: Any, camera: str = "") -> dict[str, Endpoint]:
    """Those of a node, by the names that the page uses; of one of several cameras: its own."""
    found = {}
    for endpoint in endpoints:
        name = re.sub(r"^/tips/", "~/", endpoint.topic_name)
        if name in OWN:
            continue
        if not name.startswith("~/"):
            name = name if name == "/diagnostics" else name.removeprefix("/")
        if camera:
            inside = re.fullmatch(rf"(~/|){camera}/(.*)", name)
            if inside is None:
                continue
            name = inside[1] + inside[2]
        name = re.sub(r"^~/similarity/.*", "~/similarity/<prompt>", name)
        package, kind, _ = endpoint.msg_type.__module__.split(".", 2)
        type_ = f"{package}/{kind}/{endpoint.msg_type.__name__}"
        found[name] = Endpoint(type_, quality(endpoint.qos_profile))
    return found


def expected_here(topics: dict[str, Endpoint]) -> dict[str, Endpoint]:
    """Without those of vision_msgs, where it is not installed."""
    try:
        rclpy_class(LABEL_INFO)
    except ImportError:
        return {name: t for name, t in topics.items() if not t.type.startswith("vision_msgs/")}
    return topics


@pytest.fixture
def busy(graph_with):
    """Makes a node that uses every topic there is."""

    def make(**parameters):
        graph = graph_with(
            input_height=112,
            input_width=112,
            **{"depth.scale_source": "sensor"},
            **parameters,
        ).active()
        assert graph.set_prompts("red cup").success
        name = next(iter(parameters.get("cameras", [])), "")
        graph.listen("depth/image", "ground", camera=name)
        graph.publish_image(camera=name)  # from the first depth on it listens to sensor and IMU
        prefix = f"{name}/" if name else ""
        until(lambda: graph.received[f"{prefix}depth/image"], "depth")
        return graph

    return make


def test_the_topics_of_the_node_are_those_of_the_page(busy):
    graph = busy()
    incoming = documented("In")
    compressed = incoming.pop("image/compressed")
    assert compressed == ("sensor_msgs/msg/CompressedImage", "sensor")
    assert live(graph.node.subscriptions) == incoming
    assert live(graph.node.publishers) == expected_here(documented("Out"))


def test_each_of_several_cameras_has_them_below_its_name(busy):
    graph = busy(cameras=["front", "rear"], **{"rear.image_transport": "compressed"})
    out = expected_here(documented("Out"))
    for of_all in ("/diagnostics", "~/memory/objects", "~/memory/markers"):
        del out[of_all]
    assert live(graph.node.publishers, "front") == out
    assert live(graph.node.publishers, "rear") == out
    compressed = {"image/compressed", "camera_info"}
    rear = live(graph.node.subscriptions, "rear")
    assert rear == {name: documented("In")[name] for name in compressed}


def test_the_services_of_the_node_are_those_of_the_page(busy):
    graph = busy(cameras=["front", "rear"])
    served = {
        (s.srv_name, f"tips_ros/srv/{s.srv_type.__name__}")
        for s in graph.node.services
        if s.srv_type.__module__.startswith("tips_ros")
    }
    assert {name: row[1] for name, row in rows("Services").items()} == {
        "~/set_prompts": "tips_ros/srv/SetPrompts",
        "~/locate": "tips_ros/srv/Locate",
        **MEMORY,
    }
    locate = {(f"/tips/{c}/locate", "tips_ros/srv/Locate") for c in ("front", "rear")}
    assert {(name.replace("~", "/tips"), type_) for name, type_ in served} == locate | {
        ("/tips/set_prompts", "tips_ros/srv/SetPrompts"),
        *((name.replace("~", "/tips"), type_) for name, type_ in MEMORY.items()),
    }


def test_every_output_in_the_code_s_table_is_on_the_page():
    names = {f"~/{topic.name}": topic.type for topic in (*TOPICS, *VISION_TOPICS)}
    assert names.items() <= {n: t.type for n, t in documented("Out").items()}.items()


def test_every_message_and_service_file_is_on_the_page_and_built():
    files = {str(p.relative_to(SOURCE)) for d in ("msg", "srv") for p in (SOURCE / d).iterdir()}
    assert set(re.findall(r"\]\(\.\./((?:msg|srv)/\w+\.\w+)\)", PAGE)) == files
    assert files <= set((SOURCE / "CMakeLists.txt").read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    "path", sorted(p for d in ("msg", "srv") for p in (SOURCE / d).iterdir()), ids=lambda p: p.name
)
def test_each_field_of_each_message_has_a_comment(path: Path):
    """Above it, or above the block of fields that it stands in, or behind it."""
    explained = False
    for line in path.read_text(encoding="utf-8").splitlines():
        explained = line != "" and line != "---" and (explained or line.startswith("#"))
        if re.match(r"[a-z]", line):
            assert explained or "#" in line, f"{path.name}: {line}"


def test_the_words_for_quality_of_service_say_what_the_profiles_are():
    table = rows("Quality of service")
    assert set(table) == set(PROFILES)
    for word, profile in PROFILES.items():
        reliability, durability, history = table[word][1:4]
        assert reliability.replace(" ", "_") == profile.reliability.name.lower()
        assert durability.replace(" ", "_") == profile.durability.name.lower()
        assert history == f"keep last {profile.depth}"
