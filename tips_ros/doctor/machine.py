# SPDX-License-Identifier: Apache-2.0
"""Python and the machine it runs on."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from tips_ros import __version__
from tips_ros.doctor.findings import Finding, Section, Status

OLDEST_PYTHON = (3, 10)


def machine() -> Section:
    """Versions, processor, memory."""
    return Section(
        "Python and platform",
        (
            Finding("tips_ros", f"{__version__}, {Path(__file__).parents[1]}"),
            _python(),
            Finding("system", f"{platform.platform()}"),
            Finding("processor", f"{cores()} cores, {_memory()}{_comma(processor_name())}"),
        ),
    )


def _python() -> Finding:
    value = f"{platform.python_version()}, {sys.executable}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return Finding("Python", value, Status.BROKEN, f"too old; use {oldest} or newer")
    return Finding("Python", value)


def cores() -> int:
    """Those this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return "memory unknown"
    return f"{total / 2**30:.1f} GiB"


def processor_name() -> str:
    """Name of the processor by the kernel; empty where it gives none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else ""


def _comma(text: str) -> str:
    return f", {text}" if text else ""
