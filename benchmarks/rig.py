# SPDX-License-Identifier: Apache-2.0
"""Camera, node and viewer as processes of their own: what the benchmarks of live graphs share."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from tips_ros.demo.node_process import NodeProcess
from tips_ros.messages.conversions import image_message
from tips_ros.messages.outputs import TOPICS
from tips_ros.messages.types import RCLPY_TYPES, rclpy_class
from tips_ros.process_memory import Cost, process_cost
from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.ros.topics import qos

PATIENCE_S = 120.0
_GOODBYE_S = 20.0
_TYPES = {topic.name: topic.type for topic in TOPICS}
_spawn = multiprocessing.get_context("spawn")  # a forked process would share our middleware


class Arrival(NamedTuple):
    """A message at the viewer."""

    topic: str
    stamp_ns: int  # when its image left the camera
    at_ns: int


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
        self.outputs = tuple(outputs)
        watched = tuple(images) if watch_images else ()
        self._topics = len(watched) + len(outputs)
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="rig_")))
        self._environment = {**own_graph_environment(), **variables}
        self._nodes: list[NodeProcess] = []
        self._camera = self._process(camera, tuple(images), size)
        self._viewer = self._process(viewer, watched, self.outputs)

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
        """Last lines of the nodes' output."""
        return "; ".join(node.last_words() for node in self._nodes)

    def publish(self) -> int:
        """One picture of each camera; its stamp in ns, which is when it left."""
        self._camera.send(("once",))
        stamp_ns: int = self._camera.recv()
        return stamp_ns

    def publish_at(self, rate_hz: float, seconds: float) -> None:
        """Pictures of each camera at this rate; returns when that is over."""
        self._camera.send(("stream", rate_hz, seconds))
        self._camera.recv()

    def arrivals_of(self, stamp_ns: int, patience_s: float) -> list[Arrival]:
        """Waits for all outputs of the pictures with this stamp and returns their arrivals."""
        self._viewer.send(("of", stamp_ns, patience_s))
        arrivals: list[Arrival] = self._viewer.recv()
        return arrivals

    def all_arrivals(self) -> list[Arrival]:
        """Everything since the last call."""
        self._viewer.send(("all",))
        arrivals: list[Arrival] = self._viewer.recv()
        return arrivals

    def node_cost(self) -> Cost:
        """Processor time and memory of the nodes up to now."""
        costs = [process_cost(node.pid) for node in self._nodes]
        return Cost(*map(sum, zip(*costs, strict=True)))

    def close(self) -> None:
        """Ends all processes."""
        self._stack.close()

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _process(self, target: Any, *args: Any) -> Connection:
        ours, theirs = _spawn.Pipe()
        process = _spawn.Process(target=target, args=(theirs, self._environment, *args))
        process.start()
        self._stack.callback(_end, process, ours)
        ours.recv()  # it is there
        return ours


def _end(process: Any, connection: Connection) -> None:
    connection.send(None)
    process.join(_GOODBYE_S)
    if process.is_alive():
        process.kill()


def camera(
    connection: Connection,
    environment: Mapping[str, str],
    topics: Sequence[str],
    size: tuple[int, int],
) -> None:
    """Publishes pictures on command, as a driver does: the stamp is that of the moment before."""
    os.environ.update(environment)
    with RosSession("camera") as graph:
        publishers = [
            (
                graph.node.create_publisher(Image, topic, qos.output()),
                graph.node.create_publisher(
                    CameraInfo, f"{topic.rpartition('/')[0]}/camera_info", qos.output()
                ),
            )
            for topic in topics
        ]
        width, height = size
        pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        image = image_message(RCLPY_TYPES, CameraInfo().header, pixels, "rgb8")
        info = camera_info(width, height)

        def publish() -> int:
            stamp_ns = time.time_ns()
            for message in (image, info):
                message.header.frame_id = "camera"
                message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
            for images, infos in publishers:
                infos.publish(info)
                images.publish(image)
            return stamp_ns

        connection.send("here")
        while (command := connection.recv()) is not None:
            if command[0] == "once":
                connection.send(publish())
                continue
            _, rate_hz, seconds = command
            start = time.monotonic()
            for number in range(round(rate_hz * seconds)):
                time.sleep(max(0.0, start + number / rate_hz - time.monotonic()))
                publish()
            connection.send("done")


def viewer(
    connection: Connection,
    environment: Mapping[str, str],
    images: Sequence[str],
    outputs: Sequence[str],
) -> None:
    """Subscribes to pictures and outputs, and tells when what came."""
    os.environ.update(environment)
    arrived: dict[int, list[Arrival]] = defaultdict(list)
    changed = threading.Condition()

    def on_message(topic: str, data: bytes) -> None:
        at_ns = time.time_ns()
        # The header comes first in the message, after four bytes that tell the byte order.
        sec, nanosec = np.frombuffer(data, "<u4", 2, offset=4)
        stamp_ns = int(sec) * 10**9 + int(nanosec)
        with changed:
            arrived[stamp_ns].append(Arrival(topic, stamp_ns, at_ns))
            changed.notify_all()

    with RosSession("viewer") as graph:
        for topic in (*images, *outputs):
            is_image = topic in images
            graph.node.create_subscription(
                Image if is_image else rclpy_class(_TYPES[output_name(topic)]),
                topic,
                lambda data, topic=topic: on_message(topic, data),
                qos.sensor_input() if is_image else qos.output(),
                raw=True,
            )
        connection.send("here")
        while (command := connection.recv()) is not None:
            with changed:
                if command[0] == "of":
                    _, stamp_ns, patience_s = command
                    everything = len(images) + len(outputs)
                    changed.wait_for(lambda: len(arrived[stamp_ns]) >= everything, patience_s)  # noqa: B023
                    connection.send(arrived.pop(stamp_ns))
                else:
                    connection.send([a for of_stamp in arrived.values() for a in of_stamp])
                    arrived.clear()


def output_name(topic: str) -> str:
    """/a/tips/front/depth/image → depth/image."""
    return next(name for name in _TYPES if topic.endswith(f"/{name}"))


def camera_info(width: int, height: int) -> CameraInfo:
    """Plain intrinsics for this size."""
    f, cx, cy = 0.8 * width, (width - 1) / 2, (height - 1) / 2
    return CameraInfo(
        width=width,
        height=height,
        k=[f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0],
        p=[f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )
