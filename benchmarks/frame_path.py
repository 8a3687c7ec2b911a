#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Traces one live frame, and prints the files it goes through and the calls from file to file.

From the subscription's callback to the frame's account, in every thread; `model/` counts as one
place. Run it with `./run exec python benchmarks/frame_path.py`; `--topics all` subscribes to all
topics, `--figures` leaves out the path itself, and `--write docs/architecture.md` puts the path,
its figures and a drawing of it between that page's marks.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import rclpy
from frame_page import Step, page_with, path_lines
from peers import camera_info
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

import tips_ros
from tips_ros.messages.conversions import image_message
from tips_ros.messages.outputs import TOPICS, OutputTopic
from tips_ros.messages.types import RCLPY_TYPES, rclpy_class
from tips_ros.replay.domain import claim_domain
from tips_ros.ros.health.statistics import FrameAccount
from tips_ros.ros.inputs.camera import CameraSubscription
from tips_ros.ros.node import TipsNode
from tips_ros.ros.pipeline.pipeline import Pipeline
from tips_ros.ros.process.executor import NodeExecutor
from tips_ros.ros.topics import qos

ROOT = Path(tips_ros.__file__).resolve().parent
FIRST = CameraSubscription._on_image.__code__
LAST = FrameAccount.publish.__code__
HANDED_OVER = Pipeline._encode.__code__  # then the loop looks for the next frame
SIZE = (480, 640)
# The threads that do nothing else than frames; an executor's does, and counts below FIRST alone.
OF_FRAMES = ("tips pipeline", "tips publishing", "tips share")
WARM_UP = 4
PATIENCE_S = 60.0


class Trace:
    """A profile function for all threads; it notes what happens between FIRST and LAST."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.files: Counter[str] = Counter()
        self.returns = 0
        self.done = threading.Event()
        self._armed = self._running = False
        self._over: set[int] = set()  # threads that have done their part
        self._place_of: dict[str, str | None] = {}

    def arm(self) -> None:
        """Has the next frame traced."""
        self._armed = True

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event not in ("call", "return") or not (self._armed or self._running):
            return
        if self._armed and event == "call" and frame.f_code is FIRST:
            self._armed, self._running = False, True
            self.files[self._place(frame)] += 1
            self._note(frame, None, depth=0)
            return
        if not self._running:
            return
        place = self._place(frame)
        if place is None or not self._is_of_the_frame(frame):
            return
        if event == "return" and frame.f_code is HANDED_OVER:
            self._over.add(threading.get_ident())
        callers = list(self._places_above(frame))
        if event == "call":
            self.files[place] += 1
            if callers and callers[0] != place:
                changes = sum(a != b for a, b in zip(callers, callers[1:], strict=False))
                self._note(frame, callers[0], depth=changes + 1)
        else:
            self.returns += bool(callers and callers[0] != place)
            if frame.f_code is LAST:
                self._running = False
                self.done.set()

    def _note(self, frame: FrameType, caller: str | None, depth: int) -> None:
        code, thread = frame.f_code, threading.current_thread().name.rpartition("_")
        name = getattr(code, "co_qualname", code.co_name)  # Python 3.10 has no qualified names
        named = thread[0] or thread[2]  # without the number that a pool gives
        named = named if named.startswith(OF_FRAMES) else "executor"
        self.steps.append(Step(named, depth, caller, self._place(frame), name))

    @property
    def figures(self) -> str:
        """The length of the path."""
        calls = sum(step.depth > 0 for step in self.steps)
        return f"{len(self.files)} files, {calls} calls into another file, {self.returns} returns"

    def _is_of_the_frame(self, frame: FrameType) -> bool:
        if threading.current_thread().name.startswith(OF_FRAMES):
            return threading.get_ident() not in self._over
        above: FrameType | None = frame  # an executor's thread does other things, too
        while above is not None and above.f_code is not FIRST:
            above = above.f_back
        return above is not None

    def _places_above(self, frame: FrameType) -> Iterator[str]:
        above = frame.f_back
        while above is not None:
            if (place := self._place(above)) is not None:
                yield place
            if above.f_code is FIRST:
                return
            above = above.f_back

    def _place(self, frame: FrameType) -> Any:
        name = frame.f_code.co_filename
        if name not in self._place_of:
            path = Path(name).resolve()
            inside = path.is_relative_to(ROOT) if name.endswith(".py") else False
            relative = str(path.relative_to(ROOT)) if inside else None
            model = relative is not None and relative.startswith("model/")
            self._place_of[name] = "model/" if model else relative
        return self._place_of[name]


def main() -> None:
    """Prints the path and its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--topics", choices=("depth", "all"), default="depth")
    parser.add_argument("--figures", action="store_true", help="no path, only its figures")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a page with MARKS")
    args = parser.parse_args()
    trace = trace_frame([t for t in TOPICS if args.topics == "all" or t.name == "depth/image"])
    if args.write:
        page = args.write.read_text(encoding="utf-8")
        page = page_with(page, trace.steps, trace.figures)
        args.write.write_text(page, "utf-8")
    elif not args.figures:
        for line in path_lines(trace.steps):
            print(line)
    print(trace.figures)


def trace_frame(topics: list[OutputTopic]) -> Trace:
    """Starts a node with the demo model, and traces a frame of it when all is warm."""
    trace = Trace()
    with live_node(trace) as (node, probe):
        heard = Counter[str]()
        for topic in topics:
            name = topic.name
            probe.create_subscription(
                rclpy_class(topic.type),
                f"/tips/{name}",
                lambda _, name=name: heard.update([name]),
                qos.output(),
            )
        images = probe.create_publisher(Image, "/image", qos.sensor_input())
        infos = probe.create_publisher(CameraInfo, "/camera_info", qos.sensor_input())
        pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
        deadline = time.monotonic() + PATIENCE_S
        stamp = 1
        while not trace.done.is_set() and time.monotonic() < deadline:
            header = Header(frame_id="camera")
            header.stamp.sec = stamp = stamp + 1
            infos.publish(camera_info(header, *SIZE[::-1]))
            images.publish(image_message(RCLPY_TYPES, header, pixels, "rgb8"))
            trace.done.wait(0.5)
            while node.statistics[""].snapshot().in_flight and time.monotonic() < deadline:
                time.sleep(0.05)
            if len(heard) == len(topics) and min(heard.values()) >= WARM_UP:
                trace.arm()
        if not trace.done.is_set():
            raise SystemExit(f"no frame went through; so far came {dict(heard)}")
    return trace


@contextmanager
def live_node(trace: Trace) -> Iterator[tuple[TipsNode, Node]]:
    """The node and another one, both spinning, in a domain of their own."""
    threading.setprofile(trace)
    context = Context()
    rclpy.init(context=context, domain_id=claim_domain())
    node = TipsNode(context=context, parameter_overrides=[Parameter("model", value="demo")])
    probe = Node("probe", context=context)
    executor = NodeExecutor(context=context)
    executor.add_node(node)
    executor.add_node(probe)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    try:
        yield node, probe
    finally:
        threading.setprofile(None)
        executor.stop()
        spinning.join()
        executor.shutdown()
        node.destroy_node()
        probe.destroy_node()
        rclpy.shutdown(context=context)


if __name__ == "__main__":
    sys.exit(main())
