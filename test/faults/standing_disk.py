# SPDX-License-Identifier: Apache-2.0
"""A disk that stands still for a while."""

from __future__ import annotations

import threading


class StandingDisk:
    """Holds whoever writes until it is let go."""

    def __init__(self) -> None:
        self.asked, self.goes = threading.Event(), threading.Event()

    def before(self, write):
        """The same function, behind it."""

        def held(*given, **named):
            self.asked.set()
            assert self.goes.wait(60.0)
            return write(*given, **named)

        return held
