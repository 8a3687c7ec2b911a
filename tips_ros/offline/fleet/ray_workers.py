# SPDX-License-Identifier: Apache-2.0
"""Bags through the machines of a Ray cluster that share a folder."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tips_ros import __version__
from tips_ros.errors import UserError
from tips_ros.offline.fleet.bag_process import Job, Outcome
from tips_ros.offline.fleet.ray_task import Notes, Work, annotate
from tips_ros.progress import say

MOST_RETRIES = 3  # of a bag whose worker was lost
LOCAL = "local"  # address of a cluster that is this machine alone, and ends with us
_PATIENCE_S = 5.0  # for an answer of the cluster
_EVERY_S = 0.5  # seconds between two looks at what the workers say


class RayWorkers:
    """Tasks of a Ray cluster, one for each bag; a context manager that ends those that are left.

    A bag whose worker is lost (its process, or its machine) runs again elsewhere.
    """

    def __init__(
        self,
        address: str,
        options: Sequence[str],
        per_machine: int,
        results: Path,
        tell: Callable[[str], None],
    ) -> None:
        """
        Args:
            address: `HOST:PORT` of the cluster's head, `auto` for the one that this machine is
                in, or `local`.
            options: of `tips_ros bag`.
            per_machine: bags at a time on each machine; they share its cores, and a GPU.
            results: the folder of the results, which all machines share.
            tell: is called with a line of progress now and then.

        Raises:
            ImportError: Ray is not installed.
        """
        import ray

        self._ray, self._address, self._tell = ray, address, tell
        self._options, self._per_machine, self._results = list(options), per_machine, results
        self._pending: dict[Any, Job] = {}
        self._notes: Any = None

    def process(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Processes bags, and gives the outcome of each when it is there."""
        work = Work(__version__, self._options, str(Path.cwd()), str(self._results.absolute()))
        task = self._ray.remote(annotate).options(
            **self._share(), max_retries=MOST_RETRIES, scheduling_strategy="SPREAD"
        )
        for job in jobs:
            shared = Job(job.name, job.source.absolute(), job.result.absolute())
            self._pending[task.remote(shared, work, self._notes)] = job
        while self._pending:
            done, _ = self._ray.wait(list(self._pending), timeout=_EVERY_S)
            self._pass_notes_on()
            for reference in done:
                yield self._outcome(reference, self._pending.pop(reference))

    def _share(self) -> dict[str, float]:
        """The part of a machine that a bag takes."""
        machines = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        cores = min((m["CPU"] for m in machines if m.get("CPU", 0) >= 1), default=1)
        share: dict[str, float] = {"num_cpus": max(1, cores // self._per_machine)}
        if any(m.get("GPU", 0) >= 1 for m in machines) and not _is_for_cpu(self._options):
            share["num_gpus"] = 1 / self._per_machine
        return share

    def _here(self) -> dict[str, Any]:
        """Options of what is to live as long as this machine is in the cluster."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        node = self._ray.get_runtime_context().get_node_id()
        return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}

    def _pass_notes_on(self) -> None:
        with suppress(self._ray.exceptions.RayError):  # no notes are no reason to stop
            line, lost = self._ray.get(self._notes.take.remote(), timeout=_PATIENCE_S)
            self._tell(line)
            for loss in lost:
                say(loss)

    def _outcome(self, reference: Any, job: Job) -> Outcome:
        errors = self._ray.exceptions
        try:
            outcome: Outcome = self._ray.get(reference)
        except errors.RayTaskError as error:
            return Outcome(job, 0.0, f"{type(error.cause).__name__}: {error.cause}")
        except errors.RayError as error:
            said = str(error).strip().partition("\n")[0]
            return Outcome(job, 0.0, f"its workers were lost {MOST_RETRIES + 1} times: {said}")
        return outcome._replace(job=job)

    def __enter__(self) -> RayWorkers:
        """
        Raises:
            UserError: the cluster cannot be joined.
        """
        _check_reachable(self._address)
        # Nobody is told of what is done here; nor is a GPU taken from who asks for none of it.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        ours = {}
        if self._address == LOCAL:
            ours = {"include_dashboard": False}
            # Ray's 15 would have it do next to nothing on a machine that is in use.
            os.environ.setdefault("RAY_worker_niceness", "0")
        in_main = threading.current_thread() is threading.main_thread()
        handler = signal.getsignal(signal.SIGTERM)
        try:
            self._ray.init(self._address, log_to_driver=False, logging_level="error", **ours)
        except (OSError, RuntimeError, ValueError) as error:
            said = " ".join(str(error).split())
            raise UserError(f"--ray {self._address}: {said}") from error
        finally:
            if in_main:  # Ray put one of its own in its place
                signal.signal(signal.SIGTERM, handler)
        self._notes = self._ray.remote(Notes).options(num_cpus=0, **self._here()).remote()
        return self

    def __exit__(self, *exc_info: object) -> None:
        for reference in self._pending:
            self._ray.cancel(reference, force=True)
        self._ray.shutdown()


def _check_reachable(address: str) -> None:
    host, colon, port = address.rpartition(":")
    if address in ("auto", LOCAL):
        return
    if not colon or not port.isdigit() or "/" in host:
        raise UserError(
            f"--ray {address}: give HOST:PORT as `ray start --head` tells it, and run this on a "
            f"machine of the cluster; or auto, or {LOCAL}"
        )
    try:
        socket.create_connection((host, int(port)), _PATIENCE_S).close()
    except OSError as error:
        raise UserError(
            f"--ray {address}: nobody answers there ({error}); start the cluster with "
            f"`ray start --head --port={port} --include-dashboard=false --disable-usage-stats`"
        ) from error


def _is_for_cpu(options: Sequence[str]) -> bool:
    return "--device=cpu" in options or ("--device", "cpu") in zip(
        options, options[1:], strict=False
    )
