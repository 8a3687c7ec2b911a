# SPDX-License-Identifier: Apache-2.0
"""A bag is held still alike by `tips_ros bag` and by the node that it is played to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tips_ros.bags import BagReader, BagWriter
from tips_ros.cli import main
from tips_ros.replay.player import BagPlayer
from tips_ros.resources import sample_bag

from .live_graph import Graph, until
from .tf_bench import heard, put_in_place

IMAGE, INFO = "/camera/image_raw/compressed", "/camera/camera_info"
LIVE = {IMAGE: "/image/compressed", INFO: "/camera_info", "/tf": "/tf", "/tf_static": "/tf_static"}
OUTPUTS = ("depth/image", "semantic/image")
FRAMES = 6
FIRST = 40  # the robot drives by then
HELD = {"temporal.mode": "full", "temporal.labels": True, "temporal.frame": "odom"}


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some images of the sample bag with their CameraInfo and their tf."""
    path = tmp_path_factory.mktemp("bags") / "short"
    with BagReader(sample_bag()) as whole, BagWriter(path) as short:
        stamps = sorted({m.stamp_ns for m in whole.messages([IMAGE])})[FIRST : FIRST + FRAMES]
        for topic in whole.topics.values():
            short.add_topic(topic.name, topic.type, latched=topic.latched)
        for message in whole.messages():
            at_ns = max(message.stamp_ns, stamps[0])  # /tf_static was said before
            if message.topic == "/tf_static" or message.stamp_ns in stamps:
                short.write(message.topic, at_ns, message.data)
    return path


def written(path: Path) -> dict[str, list[np.ndarray]]:
    """What `tips_ros bag` says: output → arrays in their order."""
    with BagReader(path) as reader:
        found: dict[str, list[np.ndarray]] = {}
        for message in reader.messages([f"/tips/{name}" for name in OUTPUTS]):
            name = message.topic.removeprefix("/tips/")
            found.setdefault(name, []).append(array_of(reader.deserialize(message)))
    return found


def array_of(image) -> np.ndarray:
    kind = np.float32 if image.encoding == "32FC1" else np.uint8
    return np.frombuffer(image.data, kind).reshape(image.height, image.width)


def play(graph: Graph, bag: Path, loops: int) -> None:
    """Plays it round and round; each image is answered before the next message is sent."""
    played = {"image": 0, "tf": 0}

    def wait(message) -> None:
        if message.topic == "/tf":
            played["tf"] += 1
            heard(graph, played["tf"])
        elif message.topic == INFO:
            until(lambda: graph.camera.input.camera_info, "the CameraInfo")
        elif message.topic == IMAGE:
            played["image"] += 1
            until(
                lambda: all(len(graph.received[name]) == played["image"] for name in OUTPUTS),
                f"the answers to image {played['image']}",
            )
            if played["image"] == loops * FRAMES:
                player.stop()

    with BagReader(bag) as reader:
        player = BagPlayer(graph.probe, reader, LIVE, rate=100.0, loop=True)
        assert set(player.live_topics) == set(LIVE), "each type is installed"
        assert not player.wait_for_subscribers(dict.fromkeys(LIVE.values(), 1), 60.0)
        player.play(wait)


@pytest.mark.parametrize("kind", ["own", "real"])
def test_the_node_says_in_each_loop_what_the_command_writes(
    drive: Path, tmp_path: Path, graph_with, kind: str, monkeypatch: pytest.MonkeyPatch
):
    put_in_place(kind, monkeypatch)
    graph = graph_with(image_transport="compressed", **HELD).active()
    graph.listen(*OUTPUTS)
    play(graph, drive, loops=3)
    said = graph.camera.steadying.facts()
    assert said["temporal pose"] == "known in odom" and said["temporal laid over by"] == "pose"
    assert (said["temporal resets"], said["temporal last reset"]) == ("2", "time went back")

    options = ["--topics", ",".join(OUTPUTS), "--temporal", "full", "--temporal-labels"]
    assert main(["bag", str(drive), str(tmp_path / "held"), *options]) == 0
    assert main(["bag", str(drive), str(tmp_path / "off"), *options[:2]]) == 0
    held, off = written(tmp_path / "held"), written(tmp_path / "off")
    for name in OUTPUTS:
        assert len(held[name]) == FRAMES
        for number, message in enumerate(graph.received[name]):
            np.testing.assert_array_equal(
                array_of(message), held[name][number % FRAMES], f"{name} {number}"
            )
        changed = [not np.array_equal(a, b) for a, b in zip(held[name], off[name], strict=True)]
        assert not changed[0] and any(changed)
