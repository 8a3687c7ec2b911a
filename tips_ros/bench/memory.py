# SPDX-License-Identifier: Apache-2.0
"""Peak memory of some work, of the process and of the GPU."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path
from typing import NamedTuple

import torch

from tips_ros.process.memory import resident_mib

# psutil tells no peak that can be begun anew, hence Linux itself: proc(5).
_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
_RESET_PEAK = "5"
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


class Peak(NamedTuple):
    """Mebibytes; None for what this system doesn't tell."""

    process: float  # resident at most, weights and libraries included
    work: float | None  # of that what came on top of what was there before
    gpu: float | None  # allocated at most
    page_faults: float  # a round


class PeakMeter:
    """Looks at memory between its making and `read`."""

    def __init__(self, device: torch.device) -> None:
        self._device = device if device.type == "cuda" else None
        if self._device is not None:
            torch.cuda.reset_peak_memory_stats(self._device)
        self._before = resident_mib() if _forget_peak() else None
        self._faults = _page_faults()

    def read(self, rounds: int) -> Peak:
        """Returns the peak after so many rounds."""
        faults = (_page_faults() - self._faults) / max(rounds, 1)
        gpu = None
        if self._device is not None:
            gpu = torch.cuda.max_memory_allocated(self._device) / 2**20
        if self._before is None:  # then it is the highest since the process began
            return Peak(_highest_ever_mib(), None, gpu, faults)
        highest = _peak_mib() or _highest_ever_mib()
        return Peak(highest, max(0.0, highest - self._before), gpu, faults)


def _forget_peak() -> bool:
    """Whether Linux now counts the highest resident size anew."""
    try:
        _CLEAR.write_text(_RESET_PEAK)
    except OSError:
        return False
    return _peak_mib() is not None


def _peak_mib() -> float | None:
    try:
        found = _PEAK.search(_STATUS.read_text())
    except OSError:
        return None
    return int(found[1]) / 1024 if found else None


def _highest_ever_mib() -> float:
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest / (2**20 if sys.platform == "darwin" else 1024)


def _page_faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
