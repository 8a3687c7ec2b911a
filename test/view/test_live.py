# SPDX-License-Identifier: Apache-2.0
"""The live node as a scene: entities come over DDS, and what is typed reaches ~/set_prompts."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

pytest.importorskip("rerun", reason="rerun-sdk is not installed: ./run test brings it")
pytest.importorskip("rclpy")

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from tips_ros.srv import SetPrompts

from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.replay.live_topics import LiveTopics
from tips_ros.replay.prompt_caller import PromptCaller
from tips_ros.view.topics import drawn_topics

pytestmark = [pytest.mark.live]
_PATIENCE_S = 30.0


def until(done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


class Watched:
    """A node in the place of tips: hears an image, publishes depth, and takes prompts."""

    def __init__(self, node: Node) -> None:
        self.asked: list[list[str]] = []
        self.depth = node.create_publisher(Image, "/tips/depth/image", 5)
        self.unshown = node.create_publisher(Image, "/tips/semantic/confidence", 5)
        node.create_subscription(CameraInfo, "/camera/camera_info", lambda _: None, 5)
        node.create_service(SetPrompts, "/tips/set_prompts", self._on_prompts)

    def _on_prompts(self, request: Any, response: Any) -> Any:
        self.asked.append(list(request.prompts))
        response.success = "nonsense" not in request.prompts
        response.message = "" if response.success else "no word for it"
        response.names = [prompt.partition(":")[0] for prompt in request.prompts]
        return response


@pytest.fixture
def sessions():
    environment = own_graph_environment()
    with ExitStack() as stack:
        watched = stack.enter_context(RosSession("tips", environment))
        watcher = stack.enter_context(RosSession("watcher", environment))
        yield watched, watcher


def test_what_a_node_hears_and_publishes_comes_once_it_is_there(sessions):
    watched, watcher = sessions
    taken: list[tuple[str, str]] = []
    live = LiveTopics(
        watcher.node,
        "/tips",
        lambda types: drawn_topics(types.items()),
        lambda topic, kind, message, at_ns: taken.append((topic, kind)),
    )
    node = Watched(watched.node)
    until(lambda: live.look() and node.depth.get_subscription_count())
    node.depth.publish(Image())
    until(lambda: ("/tips/depth/image", "sensor_msgs/msg/Image") in taken)
    assert node.unshown.get_subscription_count() == 0
    assert watched.node.count_subscribers("/camera/camera_info") == 2


def test_a_node_that_is_not_there_is_no_error(sessions):
    _, watcher = sessions
    live = LiveTopics(watcher.node, "/elsewhere/tips", lambda types: types, lambda *_: None)
    assert live.look() is False


def test_a_line_reaches_the_service_and_its_answer_comes_back(sessions):
    watched, watcher = sessions
    caller = PromptCaller(watcher.node, "/tips")
    assert "nobody offers /tips/set_prompts" in caller.call("cup")
    node = Watched(watched.node)
    until(lambda: "nobody offers" not in caller.call("red cup, chair: sofa | seat"))
    assert node.asked[-1] == ["red cup", "chair: sofa | seat"]
    assert caller.call("red cup, chair: sofa | seat") == "classes: red cup, chair"
    assert caller.call("nonsense") == "refused: no word for it"
    assert caller.call("") == "classes: " and node.asked[-1] == []
    assert "both ';' and ','" in caller.call("a; b, c")
