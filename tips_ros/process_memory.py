# SPDX-License-Identifier: Apache-2.0
"""How much memory this process holds now."""

from __future__ import annotations

from pathlib import Path

import torch

_STATUS = Path("/proc/self/status")


def resident_mib() -> float:
    """Mebibytes of main memory, weights and libraries included; 0 where the system tells none."""
    return status_mib("VmRSS") or 0.0


def gpu_mib(device: torch.device) -> float:
    """Mebibytes of tensors on a CUDA device."""
    return torch.cuda.memory_allocated(device) / 2**20


def status_mib(name: str) -> float | None:
    """A line of proc(5)'s `status` in mebibytes; None where the system tells none."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return None
