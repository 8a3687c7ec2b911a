# SPDX-License-Identifier: Apache-2.0
"""The upward direction by an inertial measurement unit, in its own frame.

By the orientation that it tells, as far as gravity agrees; else by the acceleration, which at rest
points up with 9.81 m/s² (REP 145), smoothed over the time in which the robot hardly accelerates.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]

GRAVITY = 9.81
_STILL = 0.4  # m/s² that an acceleration's length may differ from gravity's
_TURNS = 0.5  # rad/s, and what is measured beside the axis of turning is no gravity
_SMOOTHED_S = 0.5
_ORIENTATION_DEG, _ACCELERATION_DEG = 1.0, 2.0  # how far off each may be
_CONTRADICTED_DEG = 15.0
_KEPT_S = 3.0
_MOST_KEPT = 2000
_STALE_S = 0.25  # from the image; of an acceleration, since the robot last hardly accelerated, more
_HELD_S = 1.0


class ImuReading(NamedTuple):
    """One message of an IMU; None for what it does not tell."""

    at_s: float
    orientation: tuple[float, float, float, float] | None  # x, y, z, w of the IMU in a level frame
    acceleration: tuple[float, float, float] | None  # m/s², in its own frame
    turning: tuple[float, float, float] | None  # rad/s


class ImuUp(NamedTuple):
    """Up in the IMU's frame."""

    at_s: float
    vector: Float64Array  # (3,) unit
    stddev_deg: float


class GravityFilter:
    """Follows up over an IMU's readings; from one thread.

    Attributes:
        note: the fault that keeps it, or its orientation, from being used; "" where there is none.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets everything, as when time jumps back."""
        self.note = ""
        self._kept: deque[ImuUp] = deque(maxlen=_MOST_KEPT)
        self._smooth: Float64Array | None = None
        self._still_s = 0.0  # how long the smoothed acceleration was gathered
        self._still_at = self._last_at = -math.inf

    def add(self, reading: ImuReading) -> None:
        """One more reading; one that is earlier than the last begins anew."""
        if reading.at_s < self._last_at:
            self.reset()
        passed_s = min(reading.at_s - self._last_at, _SMOOTHED_S)
        self._last_at = reading.at_s
        refused = self._gather(reading, passed_s)
        pulled = self._pulled
        turned = None if reading.orientation is None else _up_of(reading.orientation)
        apart = 0.0 if turned is None or pulled is None else _angle(turned, pulled)
        if apart > _CONTRADICTED_DEG:
            self.note = (
                f"its orientation is {apart:.0f} degrees off its own acceleration, which is taken "
                "instead; set orientation_covariance[0] to -1 if it has none"
            )
            turned = None
        elif turned is not None or pulled is not None:
            self.note = ""
        else:
            self.note = refused
        if turned is not None:
            self._kept.append(ImuUp(reading.at_s, turned, _ORIENTATION_DEG))
        elif pulled is not None:
            self._kept.append(ImuUp(reading.at_s, pulled, _ACCELERATION_DEG))
        while self._kept and self._kept[0].at_s < reading.at_s - _KEPT_S:
            self._kept.popleft()

    def at(self, at_s: float) -> ImuUp | None:
        """Up at a time; None, with `note` saying why, where nothing is known near it."""
        nearest = min(self._kept, key=lambda up: abs(up.at_s - at_s), default=None)
        if nearest is None:
            return None
        if abs(nearest.at_s - at_s) > _STALE_S:
            self.note = f"its nearest reading is {abs(nearest.at_s - at_s):.2f} s from the image"
            return None
        return nearest

    @property
    def _pulled(self) -> Float64Array | None:
        if self._smooth is None or self._still_s < _SMOOTHED_S:
            return None
        if self._last_at - self._still_at > _HELD_S:
            return None
        return self._smooth / np.linalg.norm(self._smooth)

    def _gather(self, reading: ImuReading, passed_s: float) -> str:
        """Smooths the acceleration while it is gravity alone; returns its fault, or ""."""
        if reading.acceleration is None:
            return "it tells neither orientation nor acceleration"
        pull = np.asarray(reading.acceleration, np.float64)
        length = float(np.linalg.norm(pull))
        if not math.isfinite(length) or not 0.7 * GRAVITY < length < 1.5 * GRAVITY:
            return (
                f"its linear_acceleration is {length:.2f} m/s² long, and gravity is {GRAVITY}: "
                "publish m/s², gravity included"
            )
        turning = 0.0 if reading.turning is None else math.hypot(*reading.turning)
        if abs(length - GRAVITY) > _STILL or turning > _TURNS:
            return ""  # no fault
        if self._smooth is None or reading.at_s - self._still_at > _HELD_S:
            self._smooth, self._still_s = pull, 0.0
        else:
            gain = 1 - math.exp(-passed_s / _SMOOTHED_S)
            self._smooth = self._smooth + gain * (pull - self._smooth)
            self._still_s += passed_s
        self._still_at = reading.at_s
        return ""


def _up_of(quaternion: tuple[float, float, float, float]) -> Float64Array | None:
    """A level frame's z as the IMU has it; None for a quaternion that is no rotation."""
    length = math.sqrt(sum(part * part for part in quaternion))
    if not math.isfinite(length) or abs(length - 1.0) > 0.1:
        return None
    x, y, z, w = (part / length for part in quaternion)
    return np.array([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)])


def _angle(one: Any, other: Any) -> float:
    return math.degrees(math.acos(max(-1.0, min(1.0, float(np.dot(one, other))))))
