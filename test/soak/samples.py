# SPDX-License-Identifier: Apache-2.0
"""Resources that a process held, at one moment after the other."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Sample(NamedTuple):
    """Resources of the node's process, and how late its outputs were, at one moment."""

    at_s: float
    memory_mib: float  # resident
    threads: int
    descriptors: int
    segments: int  # files of /dev/shm, of all processes here
    p95_ms: float | None  # from the stamp to the subscriber, since the last sample
    load: float  # of the whole machine, in processes that want to run

    def line(self) -> str:
        """The same for people."""
        late = "" if self.p95_ms is None else f", p95 {self.p95_ms:.0f} ms"
        return (
            f"{self.at_s / 60:6.1f} min {self.memory_mib:7.1f} MiB, {self.threads} threads, "
            f"{self.descriptors} descriptors, {self.segments} segments{late}, load {self.load:.1f}"
        )


def read_shared_segments() -> int:
    """Counts what lies in shared memory; 0 where the system has none."""
    folder = Path("/dev/shm")
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def write_samples(path: Path, samples: Sequence[Sample]) -> None:
    """Writes them as CSV, one a line below their names."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Sample._fields)
        writer.writerows(samples)
