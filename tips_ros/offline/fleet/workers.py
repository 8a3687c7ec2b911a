# SPDX-License-Identifier: Apache-2.0
"""Bags through processes of `tips_ros bag`, several at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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


class Workers:
    """Processes that work on bags; a context manager that ends those that are left.

    A bag is whole or not there: `tips_ros bag` writes it beside its place and moves it there.
    """

    def __init__(self, options: Sequence[str], count: int, tell: Callable[[str], None]) -> None:
        """
        Args:
            options: of `tips_ros bag`.
            count: processes at a time; they share the cores.
            tell: is called with a line of progress now and then, from any thread.
        """
        self._options, self._tell = list(options), tell
        self._environment = {**os.environ, "TQDM_DISABLE": "1"}
        if count > 1:
            threads = max(1, len(os.sched_getaffinity(0)) // count)
            self._environment.setdefault("OMP_NUM_THREADS", str(threads))
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="bag")
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._ended = False

    def submit(self, job: Job) -> Future[Outcome]:
        """Processes a bag as soon as there is a process free."""
        return self._pool.submit(self._process, job)

    def _process(self, job: Job) -> Outcome:
        began = time.monotonic()
        job.result.parent.mkdir(parents=True, exist_ok=True)
        command = [
            *(sys.executable, "-m", "tips_ros", "bag", str(job.source), str(job.result)),
            *("--overwrite", *self._options),
        ]
        with self._lock:
            if self._ended:
                return Outcome(job, 0.0, "not begun")
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=self._environment,
                start_new_session=True,  # a Ctrl-C is ours to hand on, once
            )
            self._running.add(process)
        said: deque[str] = deque(maxlen=_LAST_WORDS)
        with process:
            for line in process.stdout or ():
                if words := line.strip().removeprefix("tips_ros: "):
                    said.append(words)
                    self._tell(words)
        status = process.returncode
        with self._lock:
            self._running.discard(process)
        error = "" if status == 0 else _describe(status, list(said))
        return Outcome(job, time.monotonic() - began, error)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self._lock:
            self._ended = True
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
        self._pool.shutdown(cancel_futures=True)


def _describe(status: int, said: list[str]) -> str:
    if status < 0:
        return f"its process was ended by {signal.Signals(-status).name}; run the same again"
    if status == 1:
        return "none of its images could be annotated: " + (said[-1] if said else "")
    return said[-1] if said else f"its process ended with {status}"
