# SPDX-License-Identifier: Apache-2.0
"""The node as users start it: the executable in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
from ament_index_python.packages import get_package_prefix

_TAIL = 40  # lines of the log that a failure shows
# What a log must not hold, whatever was done to the node.
_BAD = ("Traceback", "terminate called", "Segmentation", "Fatal Python", "Exception ignored")


class Resources(NamedTuple):
    """Resources that a process holds now."""

    memory_mib: float
    threads: int
    descriptors: int


class Ending(NamedTuple):
    """End of a process after a signal."""

    seconds: float
    status: int
    allowed: frozenset[int]  # what the status may be
    loading: bool  # a load may be waited for


class NodeProcess:
    """Runs `tips_node` until `end` or `kill`; its log goes to a file."""

    def __init__(self, arguments: Sequence[str], domain: int, log: Path) -> None:
        self._log, self._read = log, 0
        executable = Path(get_package_prefix("tips_ros")) / "lib" / "tips_ros" / "tips_node"
        environment = {
            **os.environ,
            "ROS_DOMAIN_ID": str(domain),
            "XDG_CACHE_HOME": str(log.parent / "cache"),
        }
        with log.open("w") as out:
            self._process = subprocess.Popen(
                [sys.executable, str(executable), "--ros-args", *arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    @property
    def status(self) -> int | None:
        """Its exit status; None while it lives."""
        return self._process.poll()

    @property
    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_TAIL:])

    def bad_lines(self) -> list[str]:
        """The lines logged since the last call that no log may hold."""
        with self._log.open(errors="replace") as log:
            log.seek(self._read)
            text = log.read()
            self._read = log.tell()
        return [line for line in text.splitlines() if any(bad in line for bad in _BAD)]

    def resources(self) -> Resources:
        """Reads the resources of a process that lives."""
        process = psutil.Process(self._process.pid)
        resident_mib = process.memory_info().rss / 2**20
        return Resources(resident_mib, process.num_threads(), process.num_fds())

    def end(self, number: signal.Signals, again_after_s: float | None, most_s: float) -> Ending:
        """Sends a signal, and perhaps a second one, and waits; kills what has not ended by then."""
        listens = bool(int(self._status_file()["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1)
        loading = "listening to" not in self._log.read_text(errors="replace")
        begin = time.monotonic()
        self._process.send_signal(number)
        allowed = {0} if listens else {0, 1, -number, 128 + number}
        if again_after_s is not None:
            time.sleep(again_after_s)
            self._process.send_signal(number)  # at most a zombie gets it
            allowed |= {128 + number, -number}
        try:
            status = self._process.wait(most_s)
        except subprocess.TimeoutExpired:
            self.kill()
            status = self._process.returncode
        return Ending(time.monotonic() - begin, status, frozenset(allowed), loading)

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()
        self._process.wait()

    def _status_file(self) -> dict[str, str]:
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
