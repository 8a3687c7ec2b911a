# SPDX-License-Identifier: Apache-2.0
"""One bag through a process of `tips_ros bag`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_LAST_WORDS = 1  # lines of a failure that are told
_PATIENCE_S = 10.0  # for a process that is asked to end


class Job(NamedTuple):
    """A bag to process."""

    name: str
    source: Path
    result: Path


class Outcome(NamedTuple):
    """The result of processing a bag; `error` is empty when all went well."""

    job: Job
    seconds: float
    error: str = ""


class BagProcess:
    """A process of `tips_ros bag` from its start on; it ends with the thread that made it.

    A bag is whole or not there: `tips_ros bag` writes it beside its place and moves it there.
    """

    def __init__(self, job: Job, options: Sequence[str], environment: Mapping[str, str]) -> None:
        """
        Args:
            job: the bag; the folder of its result is made.
            options: of `tips_ros bag`.
            environment: variables of the process.
        """
        self._job, self._began = job, time.monotonic()
        job.result.parent.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tips_ros.offline.fleet.bound_process", str(os.getpid())),
                *("bag", str(job.source), str(job.result), "--overwrite", *options),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # No bars: what is read here is no terminal, whatever the environment says.
            env={**environment, "TQDM_DISABLE": "1"},
            start_new_session=True,  # a Ctrl-C is ours to hand on, once
        )

    def follow(self, tell: Callable[[str], None]) -> Outcome:
        """Waits for its end, and hands on each line that it says."""
        said: deque[str] = deque(maxlen=_LAST_WORDS)
        with self._process as process:
            for line in process.stdout or ():
                if words := line.strip().removeprefix("tips_ros: "):
                    said.append(words)
                    tell(words)
        status = process.returncode
        error = "" if status == 0 else _describe(status, list(said))
        return Outcome(self._job, time.monotonic() - self._began, error)

    def terminate(self) -> None:
        """Asks it to end."""
        self._process.terminate()

    def wait(self) -> None:
        """Waits for the end of a process that was asked to, and ends it when it does not."""
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _describe(status: int, said: list[str]) -> str:
    if status < 0:
        return f"its process was ended by {signal.Signals(-status).name}; run the same again"
    if status == 128 + signal.SIGINT:
        return "its process was interrupted; run the same again"
    if status == 1:
        return "none of its images could be annotated: " + (said[-1] if said else "")
    return said[-1] if said else f"its process ended with {status}"
