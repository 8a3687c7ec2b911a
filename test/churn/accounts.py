# SPDX-License-Identifier: Apache-2.0
"""Checks that diagnostics come each second, and add up each time."""

from __future__ import annotations

import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from findings import Findings

# Diagnostics come each second; later where the machine has other things to do.
_LATE_S = 120.0
_FINISHES = 10  # reports
_MOST_IN_FLIGHT = 200  # clouds may wait for a transform for a second each


class Accounts:
    """Listens to /diagnostics of one process.

    Attributes:
        reports: how many were checked.
    """

    def __init__(self, node: Any, findings: Findings) -> None:
        self._findings = findings
        self._last: dict[str, dict[str, int]] = {}
        self._stuck: dict[str, int] = {}  # reports in a row
        self._heard_at: float | None = None
        self.reports = 0
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_report, 100)

    @property
    def frames(self) -> int:
        """Received so far, of all cameras."""
        return sum(counts["frames received"] for counts in self._last.values())

    @property
    def published(self) -> int:
        """Frames of which something went out."""
        return sum(counts["frames published"] for counts in self._last.values())

    @property
    def drops(self) -> dict[str, int]:
        """Drops of all cameras by cause."""
        total: dict[str, int] = {}
        for counts in self._last.values():
            for key, count in counts.items():
                if key.startswith("dropped, ") and count:
                    cause = key.removeprefix("dropped, ")
                    total[cause] = total.get(cause, 0) + count
        return total

    def look(self) -> None:
        """Finds diagnostics that have stopped."""
        if self._heard_at is not None and time.monotonic() - self._heard_at > _LATE_S:
            self._findings.add(f"no diagnostics for {_LATE_S:.0f} s")

    def _on_report(self, report: DiagnosticArray) -> None:
        self._heard_at = time.monotonic()
        self.reports += 1
        names = [status.name for status in report.status]
        if len(set(names)) != len(names):
            self._findings.add(f"two statuses of one name: {names}")
        for status in report.status:
            if status.level == DiagnosticStatus.STALE:
                self._findings.add(f"{status.name} calls itself stale")
            values = {value.key: value.value for value in status.values}
            if "frames received" in values:
                self._check(status.name, status.message, values)

    def _check(self, name: str, message: str, values: dict[str, str]) -> None:
        counts = {
            key: int(value)
            for key, value in values.items()
            if key.startswith(("frames ", "dropped, ", "published, "))
        }
        received, published = counts["frames received"], counts["frames published"]
        dropped = sum(n for key, n in counts.items() if key.startswith("dropped, "))
        flying = counts["frames in flight"]
        if received != published + dropped + flying:
            self._findings.add(f"{name}: the frames do not add up: {counts}")
        # Those at hand are finished while the node is being deactivated.
        stuck = message == "inactive" and flying and self._last.get(name) == counts
        self._stuck[name] = self._stuck.get(name, 0) + 1 if stuck else 0
        if not 0 <= flying <= _MOST_IN_FLIGHT or self._stuck[name] > _FINISHES:
            self._findings.add(f"{name} ({message}): {flying} frames in flight")
        if counts["dropped, failed"]:
            self._findings.add(f"{name}: a frame failed: {values['last error']}")
        for key, count in counts.items():
            if key.startswith("published, ") and count > published:
                self._findings.add(f"{name}: more of {key} than frames: {counts}")
            before = self._last.get(name, {}).get(key, 0)
            if key != "frames in flight" and count < before:
                self._findings.add(f"{name}: {key} went from {before} to {count}")
        self._last[name] = counts
