# SPDX-License-Identifier: Apache-2.0
"""The processor time and the memory of a process, by psutil, and the memory of a GPU."""

from __future__ import annotations

from typing import NamedTuple

import psutil
import torch


class Cost(NamedTuple):
    """Cost of a process up to now: seconds of a core, and mebibytes that it holds."""

    processor_s: float
    resident_mib: float


def process_cost(pid: int | None = None) -> Cost:
    """Measures this process or another one; psutil.NoSuchProcess where there is none."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    return Cost(times.user + times.system, process.memory_info().rss / 2**20)


def resident_mib() -> float:
    """Mebibytes of main memory that this process holds, weights and libraries included."""
    return process_cost().resident_mib


def gpu_mib(device: torch.device) -> float:
    """Mebibytes of tensors on a CUDA device."""
    return torch.cuda.memory_allocated(device) / 2**20
