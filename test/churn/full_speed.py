# SPDX-License-Identifier: Apache-2.0
"""Prompts swapped and lifecycle cycles gone through by the process as fast as it can."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from accounts import Accounts
from cameras import ChurnCamera
from client import Client
from findings import Findings
from lifecycle_msgs.msg import Transition
from operators import Manager
from process import NodeProcess
from rclpy.qos import QoSProfile
from robot import Robot
from sensor_msgs.msg import Image
from sent import Sent
from tips_ros.srv import SetPrompts

from tips_ros.messages.outputs import TOPICS
from tips_ros.messages.types import rclpy_class

_CAMERAS = ["a", "b", "c"]
_TYPES = {topic.name: topic.type for topic in TOPICS}
_STARTS_S, _ENDS_S = 180.0, 20.0
_PROGRESS_S = 5.0
_CYCLE = (
    Transition.TRANSITION_DEACTIVATE,
    Transition.TRANSITION_CLEANUP,
    Transition.TRANSITION_CONFIGURE,
    Transition.TRANSITION_ACTIVATE,
)


class FullSpeed:
    """Three cameras at 10 Hz and a node that sees them."""

    def __init__(self, domain: int, log: Path, findings: Findings) -> None:
        small = ("-p", "input_height:=112", "-p", "input_width:=112")
        held = ("-p", "temporal.mode:=full", "-p", "temporal.labels:=true")
        small += (*held, "-p", "points_filtered.target_frame:=odom")
        cameras = ("-p", f"cameras:=[{', '.join(_CAMERAS)}]")
        self._findings = findings
        self.process = NodeProcess((*small, *cameras), domain, log)
        self._client = Client(domain, findings)
        self._accounts = Accounts(self._client.node, findings)
        self._manager = Manager(self._client, findings)
        sent = Sent()
        self._cameras = [
            ChurnCamera(
                self._client.node,
                name,
                is_compressed=False,
                now_ns=time.time_ns,
                sent=sent,
                rng=random.Random(name),
            )
            for name in _CAMERAS
        ]
        self._robot = Robot(self._client.node, _CAMERAS, time.time_ns)
        self._masks = 0
        for name in _CAMERAS:
            topic = f"/tips/{name}/semantic/image"
            self._client.node.create_subscription(Image, topic, self._on_mask, QoSProfile(depth=5))

    def run(self, swaps: int, cycles: int, tell: Callable[[str], None]) -> None:
        """Does it, and ends the process; what goes wrong is found."""
        end = time.monotonic() + _STARTS_S
        while not self._manager.activate() and not self._findings.first:
            if time.monotonic() > end:
                self._findings.add("it does not become active")
        self._repeat("swaps", swaps, self._swap, tell)
        self._want_what_tf_places()
        self._repeat("cycles", cycles, self._cycle, tell)
        self._wait_for_masks()
        if self._findings.first:
            return
        self._client.ending = True
        ending = self.process.end(signal.SIGINT, None, _ENDS_S)
        if ending.status != 0:
            self._findings.add(f"it ended with {ending.status} after {ending.seconds:.1f} s")

    def close(self) -> None:
        """Leaves nothing behind."""
        for camera in self._cameras:
            camera.close()
        self._robot.close()
        if self.process.status is None:
            self.process.kill()
        self._client.close()

    def _want_what_tf_places(self) -> None:
        for name in _CAMERAS:
            for output in ("scan", "points_ground", "points_filtered"):
                self._client.node.create_subscription(
                    rclpy_class(_TYPES[output]), f"/tips/{name}/{output}", lambda _: None, 5
                )

    def _repeat(
        self, what: str, count: int, do: Callable[[int], None], tell: Callable[[str], None]
    ) -> None:
        begin = told = time.monotonic()
        for number in range(count):
            do(number)
            if self.process.status is not None:
                self._findings.add(f"the process ended by itself with {self.process.status}")
            elif bad := self.process.bad_lines():
                self._findings.add(f"in its log: {bad[0]}")
            if self._findings.first:
                return
            if time.monotonic() - told > _PROGRESS_S:
                told = time.monotonic()
                held = self.process.resources()
                tell(f"{number + 1} of {count} {what}, {told - begin:.0f} s; {held.memory_mib:.0f} "
                     f"MiB, {held.threads} threads, {held.descriptors} descriptors")
        tell(f"{count} {what} in {time.monotonic() - begin:.0f} s")

    def _swap(self, number: int) -> None:
        prompts = ["door"]
        if number % 2:  # heat maps come by the dozen, now and then by the hundred, and go again
            prompts = ["@ade20k"] if number % 20 == 1 else [f"thing {i}" for i in range(30)]
        self._findings.doing(f"swap {number}: {prompts}")
        request = SetPrompts.Request(prompts=prompts)
        answer = self._client.call(SetPrompts, "set_prompts", request)
        if answer is not None and not answer.success:
            self._findings.add(f"refused: {answer.message}")

    def _cycle(self, number: int) -> None:
        # Every other one keeps the model.
        for transition in _CYCLE if number % 2 else (_CYCLE[0], _CYCLE[-1]):
            self._findings.doing(f"cycle {number}: transition {transition}")
            if not self._manager.change(transition) and not self._findings.first:
                self._findings.add(f"cycle {number}: transition {transition} was not done")

    def _wait_for_masks(self) -> None:
        before, end = self._masks, time.monotonic() + _STARTS_S
        while self._masks < before + 5 and not self._findings.first:
            time.sleep(0.05)
            if time.monotonic() > end:
                self._findings.add("no masks afterwards")

    def _on_mask(self, message: Image) -> None:
        self._masks += 1
