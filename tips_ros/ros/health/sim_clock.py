# SPDX-License-Identifier: Apache-2.0
"""The node's clock, and what can go wrong with simulated time: paused, never begun, no stamps."""

from __future__ import annotations

import time
from typing import Any

from rclpy.clock import Clock, ClockType

from tips_ros.messages.conversions import stamp_ns

_PAUSED_S = 1.5


def age_s(clock: Clock, header: Any) -> float | None:
    """Seconds from a header's stamp until now.

    None where nobody can tell: the stamp is not set (0 or less), or simulated time has not begun.
    """
    now_ns, at_ns = clock.now().nanoseconds, stamp_ns(header)
    return (now_ns - at_ns) / 1e9 if now_ns > 0 and at_ns > 0 else None


class SimTimeMonitor:
    """Watches whether simulated time moves. It must be looked at now and then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ns = -1
        self._moved_at = self._resumed_at = time.monotonic()

    @property
    def missing(self) -> bool:
        """Whether `use_sim_time` is set and nothing has come on /clock yet."""
        return self._simulated and self._clock.now().nanoseconds == 0

    def paused(self) -> bool:
        """Whether simulated time stands still; never so for a clock that follows the system's."""
        if not self._simulated:
            return False
        now, ns = time.monotonic(), self._clock.now().nanoseconds
        if ns != self._ns:
            if now - self._moved_at > _PAUSED_S:
                self._resumed_at = now
            self._ns, self._moved_at = ns, now
        return now - self._moved_at > _PAUSED_S

    def seconds_running(self) -> float:
        """Seconds of real time since it began or went on after a pause."""
        return time.monotonic() - self._resumed_at

    @property
    def _simulated(self) -> bool:
        return self._clock.clock_type == ClockType.ROS_TIME and self._clock.ros_time_is_active
