# SPDX-License-Identifier: Apache-2.0
"""Looks every few seconds, beside the frames, whether a sensor's depth belongs to the picture."""

from __future__ import annotations

import logging
import math
import threading
import time

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.depth.registration import Registration, RegistrationCheck

logger = logging.getLogger(__name__)

_EVERY_S = 3.0  # each look takes 0.1 s of one core
_AGAIN_S = 0.3  # while a look says otherwise than the one before
_UNKNOWN = Registration(None)


class RegistrationWatch:
    """Hands frames to a `RegistrationCheck` on a thread of its own; one at a time."""

    def __init__(self) -> None:
        self._check = RegistrationCheck()
        self._thread: threading.Thread | None = None
        self._looked_at = -math.inf  # time.monotonic
        self._last = self._before = _UNKNOWN

    @property
    def contradiction(self) -> str:
        """The reason why depth and picture show other views; empty unless two looks say so."""
        last, before = self._last, self._before
        return last.note if last.registered is False and before.registered is False else ""

    def offer(self, rgb: NDArray[np.uint8], depth_m: NDArray[np.float32]) -> None:
        """A frame, looked at when it is time; returns at once.

        Args:
            rgb: (H, W, 3) uint8; nobody may write to it any more.
            depth_m: (h, w) of the sensor, of the same view; nor to this.
        """
        settled = self._last.registered is self._before.registered
        due = self._looked_at + (_EVERY_S if settled and self._last is not _UNKNOWN else _AGAIN_S)
        if time.monotonic() < due or (self._thread is not None and self._thread.is_alive()):
            return
        self._looked_at = time.monotonic()
        self._thread = threading.Thread(
            target=self._look, args=(rgb, depth_m), name="tips registration", daemon=True
        )
        self._thread.start()

    def reset(self) -> None:
        """Forgets, as when the sensor was replaced; waits for a look to end."""
        if self._thread is not None:
            self._thread.join()
        self._check.reset()
        self._looked_at = -math.inf
        self._last = self._before = _UNKNOWN

    def _look(self, rgb: NDArray[np.uint8], depth_m: NDArray[np.float32]) -> None:
        try:
            found = self._check.add(rgb, depth_m)
        except Exception:  # images of odd sizes; nothing is known then
            logger.exception("the sensor's depth could not be compared with the picture")
            found = Registration(None, note="not compared")
        self._before, self._last = self._last, found
