# SPDX-License-Identifier: Apache-2.0
"""The live graphs that tests of the node ask for, and vision_msgs where it has to be built."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tips_ros.messages.types import rclpy_class

from . import scratch_vision_msgs
from .live_graph import Graph


@pytest.fixture
def graph_with() -> Iterator[Callable[..., Graph]]:
    """Makes graphs with the parameters given; they are torn down after the test.

    One that sees little computes in fp32: at such sizes the demo model does not bear bf16, and
    whether it is asked to depends on the machine. It listens however long a busy machine takes
    until somebody wants an output, unless the test says otherwise.
    """
    graphs: list[Graph] = []

    def make(cli_args: list[str] | None = None, **parameters: Any) -> Graph:
        if "input_height" in parameters:
            parameters.setdefault("precision", "fp32")
        if cli_args is None:  # a file may say it, too
            parameters.setdefault("unsubscribe_after_s", 0.0)
        graphs.append(Graph(parameters, cli_args or []))
        return graphs[-1]

    yield make
    for graph in graphs:
        graph.close()


@pytest.fixture(scope="session")
def built_vision_msgs(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """vision_msgs, built here if need be; None where it is installed."""
    if importlib.util.find_spec("vision_msgs"):
        return None
    try:
        prefix = scratch_vision_msgs.build_once(_of_all_workers(tmp_path_factory) / "vision_msgs")
    except scratch_vision_msgs.CannotBuild as error:
        pytest.skip(f"no vision_msgs, and it can't be built: {error}")
    return scratch_vision_msgs.load(prefix)


def _of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture
def vision_msgs(built_vision_msgs: Path | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Its messages, importable during a test."""
    if built_vision_msgs is not None:
        monkeypatch.syspath_prepend(str(built_vision_msgs))
    yield importlib.import_module("vision_msgs.msg")
    if built_vision_msgs is not None:
        for name in [n for n in sys.modules if n.partition(".")[0] == "vision_msgs"]:
            del sys.modules[name]
        rclpy_class.cache_clear()


@pytest.fixture
def by_head(sparse_ids: Path) -> Path:
    """A model directory without text encoder; its three classes have the ids 0, 3 and 7."""
    (sparse_ids / "tips_v2_oss_tiny_text.npz").unlink()
    (sparse_ids / "tokenizer.model").unlink()
    return sparse_ids


@pytest.fixture
def graph(graph_with: Callable[..., Graph]) -> Graph:
    """An active node with the demo model, seeing 112×112 in fp32 so that it is soon there."""
    return graph_with(input_height=112, input_width=112, precision="fp32").active()
