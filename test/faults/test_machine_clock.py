# SPDX-License-Identifier: Apache-2.0
"""The machine's own clock is set, forward and back, as when it first hears of a time server."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .test_running_node import Bench

pytestmark = pytest.mark.live

HOUR_S = 3600
RUN = "from tips_ros.ros.main import run; run(['tips_node', *{}])"


class Clock:
    """The clock of the machine as one process sees it.

    Attributes:
        environment: what makes a process see it.
    """

    def __init__(self, folder: Path) -> None:
        self._file, library, self._offset_s = folder / "offset", folder / "machine_clock.so", 0.0
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            pytest.skip("no C compiler: the clock of a process can't be set")
        source = Path(__file__).with_name("machine_clock.c")
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        subprocess.run(command, check=True, capture_output=True)
        self._file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "TIPS_CLOCK_OFFSET": str(self._file)}

    def set(self, offset_s: float) -> None:
        """Sets it to so much more than the true time."""
        self._offset_s = offset_s
        with self._file.open("r+b") as opened:
            opened.write(struct.pack("d", offset_s))

    def now_ns(self) -> int:
        """Its time."""
        return time.time_ns() + round(self._offset_s * 1e9)


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def bench(clock, tmp_path):
    made: list[Bench] = []

    def started(arguments, log, patch="", **environment):
        arguments = [*arguments, "-p", "max_age_s:=30.0"]
        with log.open("w") as opened:
            return subprocess.Popen(
                [sys.executable, "-c", RUN.format(arguments)],
                stdout=opened,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment, **clock.environment},
            )

    made.append(Bench(tmp_path, start=started))
    yield made[0]
    made[0].close()


def spans(counts: dict[str, str]) -> list[str]:
    """Latencies that are told."""
    return [v for k, v in counts.items() if k.startswith("latency") and v]


def test_frames_are_answered_and_reports_told_whatever_the_machines_clock_is_set_to(bench, clock):
    def shown() -> int:
        sec = clock.now_ns() // 10**9
        bench.show(sec)
        bench.executor.spin_once(timeout_sec=0.05)
        return sec

    for offset_s in (0, -HOUR_S, HOUR_S, 5 * HOUR_S, 0):
        clock.set(offset_s)
        asked: set[int] = set()
        bench.until(
            lambda asked=asked: bench.runs() and (asked.add(shown()) or asked & bench.depths),
            f"depth at {offset_s} s",
        )
        bench.counts = {}
        bench.until(lambda: shown() and any(spans(bench.counts)), "a report with latencies")
        assert all(0.0 <= float(ms) < 60_000.0 for ms in spans(bench.counts)), bench.counts
    dropped = {k: n for k, n in bench.counts.items() if k.startswith("dropped, ") and n != "0"}
    assert set(dropped) <= {f"dropped, {why}" for why in KNOWN}, dropped
    bench.ends_well()


# An image of before is stale once the clock has gone forward.
KNOWN = ("superseded", "unwatched", "stale", "rewound")
