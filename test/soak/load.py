# SPDX-License-Identifier: Apache-2.0
"""The load of a soak: a camera, and people who keep using everything."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accounts import Accounts
from cameras import ChurnCamera
from client import Client
from findings import Findings
from lifecycle_msgs.msg import Transition
from operators import Manager
from process import NodeProcess
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, PointCloud2
from sent import Sent, stamp_ns
from tips_ros.srv import Locate, SetPrompts

_SMALL = ("-p", "input_height:=112", "-p", "input_width:=112", "-p", "temporal.mode:=full")
_WORDS = ("door", "wall", "red cup", "chair: stool | bench", "plant", "robot", "table", "lamp")
_ENDS_S = 60.0
_CROWD = 30  # subscribers that come and go at once


class Load:
    """Starts the process; `start` begins the load, `end` ends it, `close` leaves nothing behind.

    Attributes:
        findings: what went wrong.
        process: of the node.
    """

    def __init__(self, domain: int, log: Path, findings: Findings) -> None:
        self.findings = findings
        self.process = NodeProcess(_SMALL, domain, log)
        self._client = Client(domain, findings)
        self._node = self._client.node
        self._accounts = Accounts(self._node, findings)
        self._manager = Manager(self._client, findings)
        self._rng = random.Random(1)
        self._camera = ChurnCamera(
            self._node, "", is_compressed=False, now_ns=time.time_ns, sent=Sent(), rng=self._rng
        )
        self._lock = threading.Lock()
        self._late_ms: list[float] = []
        self._done: dict[str, int] = {}
        self._crowd: list[Any] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._use, daemon=True)
        self._node.create_subscription(Image, "/tips/depth/image", self._on_depth, 5)

    def start(self, within_s: float) -> None:
        """Waits for the node to be active, then has everything used until `end`."""
        end = time.monotonic() + within_s
        while not self._manager.activate() and not self.findings.first:
            if time.monotonic() > end:
                self.findings.add("it does not become active")
        self._thread.start()

    def look(self) -> None:
        """Finds what is wrong with the process, its log and its accounts."""
        if self.process.status is not None:
            self.findings.add(f"the process ended by itself with {self.process.status}")
        if bad := self.process.bad_lines():
            self.findings.add(f"in its log: {bad[0]}")
        self._accounts.look()

    def take_p95_ms(self) -> float | None:
        """Latency of depth since the last call; None where none came."""
        with self._lock:
            late, self._late_ms = sorted(self._late_ms), []
        return late[int(0.95 * (len(late) - 1))] if late else None

    def summary(self) -> str:
        """Tells what was done, and what became of the frames."""
        done = ", ".join(f"{count} {what}" for what, count in sorted(self._done.items()))
        drops = ", ".join(f"{n} {cause}" for cause, n in sorted(self._accounts.drops.items()))
        return (
            f"{self._accounts.frames} frames, {self._accounts.published} published, {drops or 'no'}"
            f" dropped, in {self._accounts.reports} reports that add up; {done}"
        )

    def end(self) -> None:
        """Ends the load."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(_ENDS_S)

    def close(self) -> None:
        """Ends the process and all else."""
        self._over.set()
        self._client.ending = True
        self._camera.close()
        if self.process.status is None:
            self.process.kill()
        self._client.close()

    def _use(self) -> None:
        """Each thing in turn, the heavier the more seldom."""
        habits: list[tuple[float, Callable[[], str]]] = [
            (4.0, self._set_parameter),
            (6.0, self._change_prompts),
            (9.0, self._locate),
            (15.0, self._toggle_crowd),
            (40.0, self._reactivate),
            (150.0, self._reconfigure),
        ]
        due = [time.monotonic() + every_s for every_s, _ in habits]
        while not self._over.wait(0.2) and not self.findings.first:
            for i, (every_s, do) in enumerate(habits):
                if time.monotonic() >= due[i] and not self._over.is_set():
                    what = do()
                    self.findings.doing(what)
                    self._done[what] = self._done.get(what, 0) + 1
                    due[i] = time.monotonic() + every_s

    def _set_parameter(self) -> str:
        stride, floor_m = self._rng.randrange(1, 5), self._rng.choice((0.0, 0.3))
        if (
            self._client.set(**{"points.stride": stride, "points.min_range_m": floor_m})
            != [True] * 2
        ):
            self.findings.add("parameters were refused")
        return "parameters set"

    def _change_prompts(self) -> str:
        words = self._rng.sample(_WORDS, self._rng.randrange(0, 6))
        answer = self._client.call(SetPrompts, "set_prompts", SetPrompts.Request(prompts=words))
        if answer is not None and not answer.success:
            self.findings.add(f"prompts refused: {answer.message}")
        return "prompts"

    def _locate(self) -> str:
        request = Locate.Request(prompt=self._rng.choice(_WORDS), timeout_s=20.0)
        self._client.call(Locate, "locate", request)
        return "questions"

    def _toggle_crowd(self) -> str:
        if self._crowd:
            for subscription in self._crowd:
                self._node.destroy_subscription(subscription)
            self._crowd.clear()
            return "crowds"
        kinds = ((PointCloud2, "points"), (Image, "normals/image"), (Image, "semantic/color"))
        for i in range(_CROWD):
            type_, name = kinds[i % len(kinds)]
            self._crowd.append(
                self._node.create_subscription(
                    type_, f"/tips/{name}", lambda _: None, QoSProfile(depth=1)
                )
            )
        return "crowds"

    def _reactivate(self) -> str:
        return self._go("reactivations", "DEACTIVATE", "ACTIVATE")

    def _reconfigure(self) -> str:
        return self._go("reconfigurations", "DEACTIVATE", "CLEANUP", "CONFIGURE", "ACTIVATE")

    def _go(self, what: str, *names: str) -> str:
        for name in names:
            if not self._manager.change(getattr(Transition, f"TRANSITION_{name}")):
                self.findings.add(f"{name.lower()} was not done")
        return what

    def _on_depth(self, message: Image) -> None:
        with self._lock:
            self._late_ms.append((time.time_ns() - stamp_ns(message.header)) / 1e6)
