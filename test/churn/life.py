# SPDX-License-Identifier: Apache-2.0
"""One life of the node's process: started, disturbed, looked at when all is quiet, ended."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from accounts import Accounts
from actor import Actor
from audience import Audience
from cameras import ChurnCamera, disturbances_of
from client import Client
from endpoints import endpoints_amiss
from findings import Findings
from lifecycle_msgs.msg import Transition
from operators import Manager, Speaker
from process import NodeProcess, Resources
from rclpy.qos import ReliabilityPolicy
from robot import Robot
from sensor_msgs.msg import Image
from sent import Sent
from simulated_time import SimulatedTime
from tips_ros.srv import SetPrompts
from tuner import Tuner

_STARTS_S, _WORKS_S = 180.0, 120.0
_FORGETS_S = 60.0  # what has gone is known to others after a while
_QUIET_EVERY_S = 10.0
# Two seconds are promised; the rest is for a machine that is busy. A load is waited for.
_ENDS_S, _LOADS_S = 20.0, 120.0
_PROGRESS_S = 5.0


class Report(NamedTuple):
    """Report of one life."""

    summary: str
    quiet: list[tuple[float, Resources]]  # seconds since the start, and what was held then
    longest_s: dict[str, float]  # by service
    ended_s: float


class Life:
    """Runs one process from its start to its end."""

    def __init__(self, seed: str, domain: int, folder: Path, findings: Findings) -> None:
        self._seed, self._findings = seed, findings
        self._rng = rng = random.Random(seed)
        self._began = time.monotonic()
        names = rng.choice(([""], [""], ["front", "left"], ["a", "b", "c"]))
        self._simulated = rng.random() < 0.4
        compressed = rng.random() < 0.25
        autostart = rng.random() < 0.7
        settings = {
            "input_height": 112,
            "input_width": 112,
            "autostart": autostart,
            "use_sim_time": self._simulated,
            "image_transport": "compressed" if compressed else "raw",
        }
        if names != [""]:
            settings["cameras"] = f"[{', '.join(names)}]"
        self.about = f"cameras {names}, " + ", ".join(
            f"{key} {value}" for key, value in settings.items() if "input" not in key
        )
        arguments = [a for key, value in settings.items() for a in ("-p", f"{key}:={value}")]
        self.process = NodeProcess(arguments, domain, folder / f"{seed.replace(' ', '-')}.log")
        self._client = Client(domain, findings)
        node, sent = self._client.node, Sent()
        self._accounts = Accounts(node, findings)
        self._clock, now_ns = None, time.time_ns
        if self._simulated:
            self._clock = SimulatedTime(node, random.Random(f"{seed} clock"))
            now_ns = self._clock.now_ns
        self._cameras = [
            ChurnCamera(
                node,
                name,
                is_compressed=compressed,
                now_ns=now_ns,
                sent=sent,
                rng=random.Random(f"{seed} {name}"),
            )
            for name in names
        ]
        self._audience = Audience(node, names, domain, sent, findings)
        self._robot = Robot(node, names, now_ns)
        self._manager = Manager(self._client, findings)
        self._tuner = Tuner(self._client, findings)
        speaker = Speaker(self._client, names, findings)
        self._actors = [
            Actor("prompts", speaker.disturbances(), seed, 0.5, findings),
            Actor("lifecycle", self._manager.disturbances(), seed, 6.0, findings),
            Actor("parameters", self._tuner.disturbances(), seed, 0.6, findings),
            Actor("audience", self._audience.disturbances(), seed, 0.8, findings),
            Actor("cameras", disturbances_of(self._cameras), seed, 0.5, findings),
            Actor("robot", self._robot.disturbances(), seed, 1.0, findings),
        ]
        self._quiet: list[tuple[float, Resources]] = []

    def run(self, seconds: float, tell: Callable[[str], None]) -> Report | None:
        """Lives for that long at least; None once something is found wrong."""
        early = self._rng.random() < 0.15
        if early:
            time.sleep(self._rng.uniform(0.5, 15.0))  # until a signal while it starts
        else:
            self._disturb(seconds, tell)
        return None if self._findings.first else self._end(early)

    def close(self) -> None:
        """Leaves nothing behind."""
        self._client.ending = True
        for actor in self._actors:
            actor.close(5.0)
        for camera in self._cameras:
            camera.close()
        self._robot.close()
        if self._clock is not None:
            self._clock.close()
        self._audience.leave()
        if self.process.status is None:
            self.process.kill()
        self._client.close()

    def _disturb(self, seconds: float, tell: Callable[[str], None]) -> None:
        self._rest()
        for actor in self._actors:
            actor.start()
        self._audience.read_all()
        begin = told = quiet = time.monotonic()
        while not self._findings.first and time.monotonic() - begin < seconds:
            time.sleep(0.25)
            self._look()
            if time.monotonic() - quiet > _QUIET_EVERY_S and not self._findings.first:
                with ExitStack() as held:
                    for actor in self._actors:
                        self._hold(actor)
                        held.callback(actor.resting.release)
                    self._rest()
                    self._audience.read_all()
                quiet = time.monotonic()
            if time.monotonic() - told > _PROGRESS_S and self.process.status is None:
                told = time.monotonic()
                tell(f"{told - self._began:5.0f} s  {self._summary()}")

    def _hold(self, actor: Actor) -> None:
        while not actor.resting.acquire(timeout=0.25):
            self._look()

    def _look(self) -> None:
        if self.process.status is not None:
            self._findings.add(f"the process ended by itself with {self.process.status}")
        if bad := self.process.bad_lines():
            self._findings.add(f"in its log: {bad[0]}")
        self._accounts.look()
        self._audience.judge()

    def _rest(self) -> None:
        """Has the node work as usual, sees that it does, and what it holds then."""
        self._findings.doing("all is quiet …")
        self._audience.leave()
        for camera in self._cameras:
            camera.heal()
        end = time.monotonic() + _STARTS_S
        self._tuner.make_usual(use_sim_time=self._simulated)  # or it may not be configured
        while not self._manager.activate():
            self._look()
            if self._findings.first:
                return
            if time.monotonic() > end:
                self._findings.add("it does not become active")
                return
        answer = self._client.call(SetPrompts, "set_prompts", SetPrompts.Request())
        if answer is None or not answer.success:
            self._findings.add(f"its own classes could not be had again: {answer}")
        for camera in self._cameras:
            self._works(camera.name)
        self._audience.leave()
        self._find_leftovers()
        if self.process.status is None:
            held = self.process.resources()
            self._quiet.append((time.monotonic() - self._began, held))
        self._findings.doing("… all works")

    def _works(self, camera: str) -> None:
        key = f"{camera} depth/image"
        before = self._audience.heard[key]
        self._audience.listen(camera, "depth/image", Image, ReliabilityPolicy.RELIABLE)
        end = time.monotonic() + _WORKS_S
        while self._audience.heard[key] < before + 2 and not self._findings.first:
            time.sleep(0.05)
            self._look()
            if time.monotonic() > end:
                self._findings.add(f"no depth of a good camera {camera!r} for {_WORKS_S:.0f} s")

    def _find_leftovers(self) -> None:
        """An active node has one subscription for each camera, and a publisher for each output."""
        node, end = self._client.node, time.monotonic() + _FORGETS_S
        while wrong := endpoints_amiss(node, [camera.name for camera in self._cameras]):
            time.sleep(0.1)
            self._look()
            if self._findings.first:
                return
            if time.monotonic() > end:
                self._findings.add(f"of the graph: {wrong}")

    def _end(self, early: bool) -> Report | None:
        rng, finalised = self._rng, False
        if not early and rng.random() < 0.2:
            finalised = self._manager.change(Transition.TRANSITION_ACTIVE_SHUTDOWN)
        time.sleep(rng.uniform(0.0, 1.0))
        number = rng.choice((signal.SIGINT, signal.SIGTERM))
        again_after_s = rng.uniform(0.0, 0.5) if rng.random() < 0.2 else None
        summary = self._summary()
        self._findings.doing(f"{number.name}, again after {again_after_s}, finalised: {finalised}")
        self._client.ending = True
        ending = self.process.end(number, again_after_s, _ENDS_S + _LOADS_S)
        if ending.seconds > _ENDS_S + (_LOADS_S if ending.loading else 0.0):
            self._findings.add(f"it took {ending.seconds:.1f} s to end after {number.name}")
        if ending.status not in ending.allowed:
            self._findings.add(f"it ended with {ending.status} after {number.name}")
        if bad := self.process.bad_lines():
            self._findings.add(f"in its log at the end: {bad[0]}")
        return Report(
            f"{summary}; {number.name} {ending.seconds:.1f} s, status {ending.status}",
            self._quiet,
            dict(self._client.longest_s),
            ending.seconds,
        )

    def _summary(self) -> str:
        done = sum(actor.done for actor in self._actors)
        frames, published = self._accounts.frames, self._accounts.published
        drops = ", ".join(f"{n} {cause}" for cause, n in sorted(self._accounts.drops.items()))
        held = self.process.resources()
        return (
            f"{done} disturbances, {frames} frames, {published} published"
            f"{', ' if drops else ''}{drops}; {self._audience.judged} masks read, "
            f"{self._accounts.reports} reports; {held.memory_mib:.0f} MiB, {held.threads} threads, "
            f"{held.descriptors} descriptors"
        )
