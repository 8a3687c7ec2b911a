# SPDX-License-Identifier: Apache-2.0
"""The node's clock, and what can go wrong with simulated time: paused, never begun, no stamps."""

from __future__ import annotations

import time

from rclpy.clock import Clock, ClockType

_PAUSED_S = 1.5


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
