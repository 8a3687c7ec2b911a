# SPDX-License-Identifier: Apache-2.0
"""Camera, node and viewer as processes of their own: what the benchmarks of live graphs share."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any

from peers import Arrival, Camera, Viewer

from tips_ros.demo.node_process import NodeProcess
from tips_ros.process.memory import Cost, process_cost
from tips_ros.replay.domain import own_graph_environment

PATIENCE_S = 120.0
_spawn = multiprocessing.get_context("spawn")  # a forked process would share our middleware


class _Process(BaseManager):
    """A process that holds a peer for us; its methods are called through a proxy."""


_Process.register("Camera", Camera)
_Process.register("Viewer", Viewer)


def _take_environment(variables: Mapping[str, str]) -> None:
    os.environ.update(variables)


class Rig:
    """A graph of its own with nodes under test, a camera process and a viewer process."""

    def __init__(
        self,
        images: Sequence[str],
        outputs: Sequence[str],
        size: tuple[int, int],
        variables: Mapping[str, str],
        watch_images: bool = True,
    ) -> None:
        """Starts camera and viewer.

        Args:
            images: topics of the cameras.
            outputs: topics of the nodes, with the camera's name and the node's in front of them;
                the last two parts tell the type.
            size: (width, height) of the pictures.
            variables: of the environment of all processes.
            watch_images: whether the viewer listens to the pictures, too.
        """
        watched = tuple(images) if watch_images else ()
        self._topics = len(watched) + len(outputs)
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="rig_")))
        self._environment = {**own_graph_environment(), **variables}
        self._nodes: list[NodeProcess] = []
        self._camera = self._peer("Camera", tuple(images), size)
        self._viewer = self._peer("Viewer", watched, tuple(outputs))

    def add_node(self, parameters: Mapping[str, Any], remappings: Mapping[str, str]) -> None:
        """Starts a node."""
        folder = self._folder / str(len(self._nodes))
        folder.mkdir()
        node = NodeProcess(folder, parameters, remappings, self._environment)
        self._nodes.append(self._stack.enter_context(node))

    def warm_up(self, patience_s: float = PATIENCE_S, frames: int = 3) -> bool:
        """Publishes until all outputs have come for some frames; whether they did in time.

        Raises:
            RuntimeError: a node ended.
        """
        deadline, complete = time.monotonic() + patience_s, 0
        while complete < frames:
            stamp_ns = self.publish()
            complete += len(self.arrivals_of(stamp_ns, 2.0)) == self._topics
            if any(node.ended for node in self._nodes):
                raise RuntimeError(self.last_words())
            if time.monotonic() > deadline:
                return False
        time.sleep(0.5)
        return True

    def last_words(self) -> str:
        """Last lines that the nodes printed."""
        return "; ".join(node.last_words() for node in self._nodes)

    def publish(self) -> int:
        """One picture of each camera; its stamp in ns, which is when it left."""
        stamp_ns: int = self._camera.publish()
        return stamp_ns

    def publish_at(self, rate_hz: float, seconds: float) -> None:
        """Pictures of each camera at this rate; returns when that is over."""
        self._camera.publish_at(rate_hz, seconds)

    def arrivals_of(self, stamp_ns: int, patience_s: float) -> list[Arrival]:
        """Waits for all outputs of the pictures with this stamp and returns their arrivals."""
        arrivals: list[Arrival] = self._viewer.arrivals_of(stamp_ns, patience_s)
        return arrivals

    def all_arrivals(self) -> list[Arrival]:
        """Everything since the last call."""
        arrivals: list[Arrival] = self._viewer.all_arrivals()
        return arrivals

    def node_cost(self) -> Cost:
        """Cost of the nodes up to now."""
        costs = [process_cost(node.pid) for node in self._nodes]
        return Cost(*map(sum, zip(*costs, strict=True)))

    def close(self) -> None:
        """Ends all processes."""
        self._stack.close()

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _peer(self, name: str, *args: Any) -> Any:
        process = _Process(ctx=_spawn)
        process.start(_take_environment, (self._environment,))
        self._stack.callback(process.shutdown)
        peer = getattr(process, name)(*args)
        self._stack.callback(peer.close)
        return peer
