# SPDX-License-Identifier: Apache-2.0
"""The part of a Ray task: what a machine of the cluster does with a bag, and tells of it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, NamedTuple

from tips_ros import __version__
from tips_ros.bags.place import remove_leftovers
from tips_ros.offline.fleet.bag_process import BagProcess, Job, Outcome


class Work(NamedTuple):
    """The part of a run that all its bags share."""

    version: str  # of tips_ros where the run was started
    options: list[str]
    folder: str  # in which it was started; paths of the options are as seen from there
    results: str


class Notes:
    """Lines of progress on their way to who started the run; an actor of Ray."""

    def __init__(self) -> None:
        self._line = ""
        self._lost: list[str] = []
        self._begun: dict[str, str] = {}  # bag → machine

    def begin(self, name: str, machine: str) -> None:
        """Takes note of a machine that begins with a bag."""
        if name in self._begun:
            lost = self._begun[name]
            self._lost.append(f"{name}: its worker on {lost} was lost; begun again on {machine}")
        self._begun[name] = machine

    def tell(self, line: str) -> None:
        """Takes a line of a bag's process."""
        self._line = line

    def take(self) -> tuple[str, list[str]]:
        """The newest line of any process, and what was lost since the last call."""
        lost, self._lost = self._lost, []
        return self._line, lost


def annotate(job: Job, work: Work, notes: Any) -> Outcome:
    """Processes a bag on this machine.

    Args:
        job: the bag, by absolute paths.
        work: the run that it belongs to.
        notes: handle of an actor `Notes`.
    """
    import ray

    machine = socket.gethostname()
    if __version__ != work.version:
        return Outcome(
            job, 0.0, f"{machine} has tips_ros {__version__}; install {work.version} there"
        )
    for place in (job.source, Path(work.results), Path(work.folder)):
        if not place.exists():
            return Outcome(
                job, 0.0, f"{machine} has no {place}; put it in a folder that all machines share"
            )
    os.chdir(work.folder)
    remove_leftovers([job.result])  # of the worker that was lost
    # Waited for: whoever begins in its place has to be told from it.
    ray.get(notes.begin.remote(job.name, machine))
    process = BagProcess(job, work.options, os.environ)
    return process.follow(lambda line: notes.tell.remote(line))
