# SPDX-License-Identifier: Apache-2.0
"""Bags through several processes of this machine at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from tips_ros.offline.fleet.bag_process import BagProcess, Job, Outcome


class Workers:
    """Processes that work on bags; a context manager that ends those that are left."""

    def __init__(self, options: Sequence[str], count: int, tell: Callable[[str], None]) -> None:
        """
        Args:
            options: of `tips_ros bag`.
            count: processes at a time; they share the cores.
            tell: is called with a line of progress now and then, from any thread.
        """
        self._options, self._tell = list(options), tell
        self._environment = dict(os.environ)
        if count > 1:
            threads = max(1, len(os.sched_getaffinity(0)) // count)
            self._environment.setdefault("OMP_NUM_THREADS", str(threads))
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="bag")
        self._running: set[BagProcess] = set()
        self._lock = threading.Lock()
        self._ended = False

    def process(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Processes bags, and gives the outcome of each when it is there."""
        for future in as_completed([self._pool.submit(self._process, job) for job in jobs]):
            yield future.result()

    def _process(self, job: Job) -> Outcome:
        with self._lock:
            if self._ended:
                return Outcome(job, 0.0, "not begun")
            process = BagProcess(job, self._options, self._environment)
            self._running.add(process)
        outcome = process.follow(self._tell)
        with self._lock:
            self._running.discard(process)
        return outcome

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self._lock:
            self._ended = True
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
        self._pool.shutdown(cancel_futures=True)
