# SPDX-License-Identifier: Apache-2.0
"""A node as it is seen from outside."""

from __future__ import annotations

import time

import pytest
from lifecycle_msgs.srv import GetState
from rclpy.node import Node

from tips_ros.replay import node_monitor as node_watch
from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.replay.node_monitor import NodeMonitor

pytestmark = pytest.mark.live

PATIENCE_S = 30.0


def answer(request: GetState.Request, response: GetState.Response) -> GetState.Response:
    response.current_state.label = "active"
    return response


def test_an_answer_that_got_lost_is_asked_for_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(node_watch, "_ANSWER_PATIENCE_S", 0.5)
    with RosSession("watcher", own_graph_environment()) as graph:
        watch = NodeMonitor(graph.node)
        # Nobody spins this node: it takes a request and is gone with it.
        silent = Node("silent", context=graph.context)
        service = silent.create_service(GetState, "/tips/get_state", answer)
        deadline = time.monotonic() + PATIENCE_S
        while watch._pending is None and time.monotonic() < deadline:
            assert watch.state() == ""
            time.sleep(0.02)
        assert watch._pending is not None
        time.sleep(0.2)
        silent.destroy_service(service)
        graph.node.create_service(GetState, "/tips/get_state", answer)
        while watch.state() != "active" and time.monotonic() < deadline:
            time.sleep(0.02)
        assert watch.state() == "active"
        silent.destroy_node()


def test_before_there_is_a_node_its_state_is_unknown():
    with RosSession("watcher", own_graph_environment()) as graph:
        assert NodeMonitor(graph.node).state() == ""
