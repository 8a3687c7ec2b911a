# SPDX-License-Identifier: Apache-2.0
"""A reset that waits for the next frame."""

from __future__ import annotations

import threading


class PendingReset:
    """A reset that any thread may ask for, and that the frames' own thread carries out.

    What a frame works on is never taken away under it.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()

    def request(self) -> None:
        """Asks for a reset before the next frame."""
        self._asked.set()

    def take(self) -> bool:
        """Whether a reset was asked for since the last call; from the frames' thread."""
        if not self._asked.is_set():
            return False
        self._asked.clear()
        return True
