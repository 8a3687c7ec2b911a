# SPDX-License-Identifier: Apache-2.0
"""Whether simulated time stands still, as while a bag is paused."""

from __future__ import annotations

import time

from rclpy.clock import Clock, ClockType

_STILL_S = 1.5


class Standstill:
    """Looks at a clock now and then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ns = -1
        self._since = time.monotonic()

    def now(self) -> bool:
        """Whether it has not moved for a while; never so for a clock that follows the system's."""
        if self._clock.clock_type != ClockType.ROS_TIME or not self._clock.ros_time_is_active:
            return False
        ns = self._clock.now().nanoseconds
        if ns != self._ns:
            self._ns, self._since = ns, time.monotonic()
        return time.monotonic() - self._since > _STILL_S
