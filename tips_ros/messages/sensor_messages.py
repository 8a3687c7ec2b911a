# SPDX-License-Identifier: Apache-2.0
"""Depth that another sensor measured: its messages, and what the one nearest to an image says."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.log_throttle import LogThrottle
from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.scan_placement import Transforms
from tips_ros.messages.sensor_view import NotMeasured, SensorKind, View, depth_seen, middle_ns
from tips_ros.messages.transform_error import TransformError

logger = logging.getLogger(__name__)

OUTCOMES = ("heard", "compared", "unusable", "passed over")

# Kept for images that are still in work; what is older than the last one served goes at once.
_MOST_BYTES = 64 << 20
_MOST_MESSAGES = 300
_NOBODY_ASKS_S = 5.0
_SILENT_S = 2.0


@dataclass
class _Kept:
    stamp_ns: int
    kind: SensorKind
    topic: str
    message: Any
    outcome: str = ""  # "compared" or "unusable", once it was asked for

    @property
    def size(self) -> int:
        return 4 * len(self.message.ranges) if self.kind == "scan" else len(self.message.data)


class DepthMeasurement(NamedTuple):
    """Depth that the sensor measured, in the view of an image."""

    depth_m: NDArray[np.float32]  # (h, w) along the camera's z, NaN where there is nothing
    is_image: bool  # whether it came as one, and not as points


class SensorMessages:
    """Keeps the newest messages of a sensor.

    They come from any threads, and are asked for from one.

    Attributes:
        counts: how many messages came, and what became of them.
    """

    def __init__(
        self, frames: Transforms, topics: str = "the sensor's topic", forgets: bool = True
    ) -> None:
        """
        Args:
            frames: where camera and sensor are.
            topics: the names of the sensor's topics, for people.
            forgets: whether messages are let go while nobody asks for any.
        """
        self.topics = topics
        self.counts = dict.fromkeys(OUTCOMES, 0)
        self._frames, self._forgets = frames, forgets
        self._lock = threading.Lock()
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._asked_at = self._heard_at = time.monotonic()
        self._throttle = LogThrottle(logger)

    def add(self, kind: SensorKind, topic: str, message: Any) -> None:
        """One more message."""
        kept = _Kept(middle_ns(kind, message), kind, topic, message)
        with self._lock:
            self.counts["heard"] += 1
            self._heard_at = time.monotonic()
            if self._forgets and self._heard_at - self._asked_at > _NOBODY_ASKS_S:
                self._keep([])
            self._kept.append(kept)
            self._bytes += kept.size
            while len(self._kept) > 1 and (
                self._bytes > _MOST_BYTES or len(self._kept) > _MOST_MESSAGES
            ):
                self._keep(list(self._kept)[1:])

    def is_past(self, at_ns: int) -> bool:
        """Whether the sensor has gone on since: what is nearest to this stamp has come."""
        with self._lock:
            return any(kept.stamp_ns >= at_ns for kept in self._kept)

    def nearest(self, view: View, max_dt_ns: int, images: bool = True) -> DepthMeasurement:
        """Returns the measurement nearest to an image's stamp; older messages go.

        Args:
            view: the image.
            max_dt_ns: the most that the stamps may differ.
            images: whether depth images count, and not points alone.

        Raises:
            NotMeasured: nothing, or nothing that can be used.
        """
        nearest = self._find_nearest(stamp_ns(view.header), max_dt_ns, images)
        outcome = "unusable"
        try:
            depth_m = depth_seen(nearest.kind, nearest.message, view, self._frames)
            outcome = "compared"
        except TransformError as error:
            if error.may_come and view.may_wait:
                outcome = ""
            raise NotMeasured(f"{nearest.topic}: {error}", error.may_come) from error
        except NotMeasured as error:
            raise NotMeasured(f"{nearest.topic}: {error}") from error
        except ValueError as error:
            self._throttle.error(nearest.topic, "%s: %s", nearest.topic, error)
            raise NotMeasured(f"{nearest.topic}: {error}") from error
        finally:
            self._settle(nearest, outcome)
        return DepthMeasurement(depth_m, nearest.kind == "image")

    def clear(self) -> None:
        """Forgets all messages, as when time jumps back."""
        with self._lock:
            self._keep([])

    def _settle(self, kept: _Kept, outcome: str) -> None:
        with self._lock:
            if outcome and not kept.outcome:
                kept.outcome = outcome
                self.counts[outcome] += 1

    def _keep(self, kept: list[_Kept]) -> None:
        """Lets go of all others; the lock is held."""
        staying = {id(one) for one in kept}
        self.counts["passed over"] += sum(
            not one.outcome for one in self._kept if id(one) not in staying
        )
        for one in self._kept:
            one.outcome = one.outcome or ("" if id(one) in staying else "passed over")
        self._kept = deque(kept)
        self._bytes = sum(one.size for one in kept)

    def _find_nearest(self, at_ns: int, max_dt_ns: int, images: bool) -> _Kept:
        with self._lock:
            self._asked_at = time.monotonic()
            usable = [k for k in self._kept if images or k.kind != "image"]
            nearest = min(usable, key=lambda kept: abs(kept.stamp_ns - at_ns), default=None)
            newest_ns = max((kept.stamp_ns for kept in self._kept), default=0)
            # The next image may be nearest to the newest of these, however old that is.
            limit_ns = min(at_ns - max_dt_ns, newest_ns)
            self._keep([k for k in self._kept if k.stamp_ns >= limit_ns or k is nearest])
        if nearest is None:
            raise NotMeasured(f"nothing came on {self.topics}")
        off_ns = abs(nearest.stamp_ns - at_ns)
        if off_ns > max_dt_ns and self._asked_at - self._heard_at > _SILENT_S:
            raise NotMeasured(f"{self.topics} fell silent")
        if off_ns > max_dt_ns:
            raise NotMeasured(
                f"{nearest.topic} has nothing within {max_dt_ns / 1e9:g} s of the image, the "
                f"nearest is {off_ns / 1e9:.3f} s off: synchronise the clocks, or raise "
                "depth.sensor_max_dt_s"
            )
        return nearest
