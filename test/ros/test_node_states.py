# SPDX-License-Identifier: Apache-2.0
"""A node does as its model in whichever order lifecycle, services and parameters are used."""

from __future__ import annotations

from itertools import count
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given, settings

from ..fuzz.states import STEPS, check_walk
from .live_graph import until

pytestmark = pytest.mark.live


EXAMPLES = 10


class GraphNode:
    """The node of a graph of this process."""

    def __init__(self, graph: Any) -> None:
        self._graph, self._seconds = graph, count(1)
        graph.listen("depth/image")

    def call(self, type_: Any, name: str, request: Any) -> Any:
        return self._graph.call(type_, f"/tips/{name}", request)

    def show(self) -> None:
        sec = next(self._seconds)
        self._graph.publish_image(sec=sec)
        received = self._graph.received["depth/image"]
        until(lambda: any(m.header.stamp.sec == sec for m in received), f"depth {sec}")


def test_a_node_is_what_its_model_is_after_any_steps(graph_with, tmp_path):
    node = GraphNode(graph_with(**{"memory.folder": str(tmp_path)}).active())

    @hypothesis.seed(11)
    @settings(
        max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(STEPS)
    def walk(steps: Any) -> None:
        check_walk(node, steps)

    walk()
