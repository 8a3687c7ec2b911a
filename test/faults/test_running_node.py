# SPDX-License-Identifier: Apache-2.0
"""The node's process loses things while it runs: a core, its life."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import Image

from tips_ros.messages.conversions import image_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.replay.domain import claim_domain
from tips_ros.ros.topics import qos

from ..ros.example_messages import header_at, picture
from ..ros.forked_node import ForkedNode
from ..ros.process_bench import ProcessBench
from ..ros.test_shutdown import SLOW_LOAD, SLOW_PASS

pytestmark = pytest.mark.live

ARGUMENTS = ["--ros-args", "-p", "input_height:=56", "-p", "input_width:=56"]
ARGUMENTS += ["-p", "precision:=fp32", "-p", "unsubscribe_after_s:=0.0"]
PATIENCE_S = 90.0


class Bench(ProcessBench):
    """The node's process, and a camera, a viewer and a reader of its diagnostics in this one."""

    def __init__(self, tmp_path, patch="", domain=None, start=ForkedNode):
        domain = claim_domain() if domain is None else domain
        log = tmp_path / f"log {time.monotonic_ns()}"
        process = start(ARGUMENTS, log, patch=patch, ROS_DOMAIN_ID=str(domain))
        super().__init__(process, log, domain, PATIENCE_S)
        self.depths, self.counts = set(), {}
        self.node.create_subscription(
            Image, "/tips/depth/image", lambda m: self.depths.add(m.header.stamp.sec), qos.output()
        )
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._count, 10)

    def _count(self, report):
        for status in report.status:
            values = {value.key: value.value for value in status.values}
            if "frames received" in values:
                self.counts = values
                received, published, flying = (
                    int(values[f"frames {what}"]) for what in ("received", "published", "in flight")
                )
                dropped = sum(int(n) for key, n in values.items() if key.startswith("dropped, "))
                assert received == published + dropped + flying, values

    def until(self, predicate, what):
        end = time.monotonic() + PATIENCE_S
        while not predicate():
            assert time.monotonic() < end, f"in vain: {what}; {self.log}"
            self.executor.spin_once(timeout_sec=0.02)

    def runs(self):
        """True; the test fails once the process has ended."""
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.log}"
        return True

    def show(self, sec):
        self.camera.publish(image_message(RCLPY_TYPES, header_at(sec), picture(), "rgb8"))

    def answers(self, sec):
        """Shows one until its depth is there."""

        def seen():
            self.show(sec)
            self.executor.spin_once(timeout_sec=0.1)
            return self.runs() and sec in self.depths

        self.until(seen, f"depth of {sec}")

    def streams(self, secs):
        """Shows one each 20 ms."""
        for sec in secs:
            self.show(sec)
            self.executor.spin_once(timeout_sec=0.02)
        assert self.runs()


@pytest.fixture
def bench(tmp_path):
    """Starts the process, patched."""
    made = []

    def start(**named):
        made.append(Bench(tmp_path, **named))
        return made[-1]

    yield start
    for one in made:
        one.close()


def threads(pid):
    return [thread.id for thread in psutil.Process(pid).threads()]


def test_a_core_that_is_taken_away_costs_frames_and_not_the_stream(bench):
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("one core only: none can be taken away")
    run = bench()
    run.answers(1)
    run.streams(range(2, 22))
    for thread in threads(run.process.pid):
        os.sched_setaffinity(thread, cores[:1])
    run.streams(range(22, 62))
    run.answers(62)
    for thread in threads(run.process.pid):
        os.sched_setaffinity(thread, cores)
    run.answers(63)
    run.until(lambda: int(run.counts["frames in flight"]) == 0, "every frame to have its fate")
    failed = {k: n for k, n in run.counts.items() if k.startswith("dropped, ") and n != "0"}
    assert set(failed) <= {"dropped, superseded", "dropped, unwatched"}, failed
    run.ends_well()


@pytest.mark.parametrize("stage", ["load", "pass"])
def test_one_that_was_killed_leaves_room_for_the_next_of_its_name(bench, stage):
    first = bench(patch=SLOW_LOAD if stage == "load" else SLOW_PASS)
    if stage == "load":
        first.until(lambda: first.runs() and "LOADING" in first.log, "the load")
    else:
        first.until(lambda: first.show(1) or "PASS" in first.log, "a pass")
    first.process.kill()
    assert first.process.wait(PATIENCE_S) == -signal.SIGKILL
    second = bench(domain=first.domain)
    second.answers(2)
    second.ends_well()
