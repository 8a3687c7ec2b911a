# SPDX-License-Identifier: Apache-2.0
"""The floor over time: measured, held for a while where it isn't seen, and dropped with a word.

A filter on up and on the logarithm of the height. Frames that follow one another err alike, so that
a thousand of them are not trusted much more than a few. A held floor is moved along with the camera
as far as its motion is known, and is trusted less with every second and metre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.ground.fit.plane_fit import FloorFit
from tips_ros.perception.ground.plane import Plane

FloorStatus: TypeAlias = Literal["seen", "held", "absent"]

# What a second adds where the camera's motion is not known, and what motion adds where it is.
_UP_DEG_PER_ROOT_S = 4.0
_HEIGHT_PER_ROOT_S = 0.05
_UP_DEG_PER_ROOT_M = 1.5
_HEIGHT_M_PER_ROOT_M = 0.03
_UP_SHARE_OF_TURN = 0.02
_AT_BEST = 0.4  # of one frame's deviation, however many frames there were
_GATE = 3.5
_GATE_DEG, _GATE_HEIGHT = 1.5, 0.05
_STRANGE_FRAMES = 3  # in a row, and they are believed
_MOST_UP_DEG = 10.0
_MOST_HEIGHT = 0.35


@dataclass(frozen=True)
class Floor:
    """The floor as it is known at one frame.

    Attributes:
        status: seen in this frame, held from an earlier one, or absent.
        plane: in the frame's optical frame; None where absent.
        up_stddev_deg, height_stddev: how far off it may be; the latter as a part of the height.
        age_s: since it was seen.
        moved_m: since then, as far as known.
        fit: of this frame; None where there was none, or it was not believed.
        note: why it is not seen, in words; "" where it is.
    """

    status: FloorStatus
    plane: Plane | None = None
    up_stddev_deg: float = math.inf
    height_stddev: float = math.inf
    age_s: float = 0.0
    moved_m: float = 0.0
    fit: FloorFit | None = None
    note: str = ""

    def deviation_m(self, ranges_m: NDArray[np.float32]) -> NDArray[np.float32]:
        """The deviation of the floor's own height, metres, so far from the camera."""
        assert self.plane is not None
        lean = np.float32(math.tan(math.radians(min(self.up_stddev_deg, 45.0))))
        here = np.float32(self.height_stddev * self.plane.height_m)
        return np.asarray(np.hypot(lean * ranges_m, here), np.float32)


ABSENT = Floor("absent", note="no floor was seen yet")


class FloorFollower:
    """One camera's floor; from one thread."""

    def __init__(self, max_held_s: float = 3.0, max_held_m: float = 1.0) -> None:
        """
        Args:
            max_held_s: a floor that wasn't seen for so long is dropped.
            max_held_m: or after so much motion of the camera.
        """
        self.limit(max_held_s, max_held_m)
        self.reset()

    def limit(self, max_held_s: float, max_held_m: float) -> None:
        """Sets how long a floor is held, as of the constructor."""
        self._max_held_s, self._max_held_m = max_held_s, max_held_m

    def reset(self) -> None:
        """Forgets everything, as when time jumps back or the camera is another."""
        self._floor = ABSENT
        self._stamp_s = 0.0
        self._pose: NDArray[np.float64] | None = None
        self._strange = 0

    def follow(
        self,
        stamp_s: float,
        fit: FloorFit | str,
        world_from_camera: NDArray[Any] | None = None,
    ) -> Floor:
        """One more frame.

        Args:
            stamp_s: of the frame; one that is not later than the last begins anew.
            fit: of it alone, or why there is none.
            world_from_camera: (4, 4) pose of the optical frame, where known.
        """
        passed = stamp_s - self._stamp_s
        if passed <= 0 and self._floor.status != "absent":
            self.reset()
        before = self._predict(passed, world_from_camera)
        self._stamp_s = stamp_s
        self._pose = None if world_from_camera is None else np.array(world_from_camera, np.float64)
        self._floor = self._update(before, fit)
        return self._floor

    def _predict(self, passed_s: float, pose: NDArray[Any] | None) -> Floor:
        floor = self._floor
        if floor.plane is None:
            return floor
        up_sd, height_sd, plane = floor.up_stddev_deg, floor.height_stddev, floor.plane
        moved = 0.0
        if pose is not None and self._pose is not None:
            now_from_before = np.linalg.inv(pose) @ self._pose
            moved = float(np.linalg.norm(now_from_before[:3, 3]))
            cosine = (float(np.trace(now_from_before[:3, :3])) - 1) / 2
            turned = math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
            there = plane.transform(now_from_before)
            if there is None:
                return Floor("absent", note="the camera moved below the floor")
            plane = there
            up_add = math.hypot(_UP_DEG_PER_ROOT_M * math.sqrt(moved), _UP_SHARE_OF_TURN * turned)
            height_add = _HEIGHT_M_PER_ROOT_M * math.sqrt(moved) / plane.height_m
        else:
            root = math.sqrt(min(max(passed_s, 0.0), 60.0))
            up_add, height_add = _UP_DEG_PER_ROOT_S * root, _HEIGHT_PER_ROOT_S * root
        return replace(
            floor,
            plane=plane,
            up_stddev_deg=math.hypot(up_sd, up_add),
            height_stddev=math.hypot(height_sd, height_add),
            age_s=floor.age_s + max(passed_s, 0.0),
            moved_m=floor.moved_m + moved,
        )

    def _update(self, before: Floor, fit: FloorFit | str) -> Floor:
        if isinstance(fit, str):
            self._strange = 0
            return self._hold(before, fit)
        if before.plane is None:
            self._strange = 0
            return _floor_of_fit(fit.plane, fit.up_stddev_deg, fit.height_stddev, fit)
        off_deg = before.plane.angle_deg(fit.plane.up)
        off = math.log(fit.plane.height_m / before.plane.height_m)
        up_var = before.up_stddev_deg**2 + fit.up_stddev_deg**2
        height_var = before.height_stddev**2 + fit.height_stddev**2
        strange = off_deg > _GATE * math.sqrt(up_var) + _GATE_DEG
        strange |= abs(off) > _GATE * math.sqrt(height_var) + _GATE_HEIGHT
        if strange:
            self._strange += 1
            if self._strange < _STRANGE_FRAMES:
                return self._hold(before, "this frame's floor is another than the one before")
            self._strange = 0
            return _floor_of_fit(fit.plane, fit.up_stddev_deg, fit.height_stddev, fit)
        self._strange = 0
        gain = before.up_stddev_deg**2 / up_var if up_var > 0 else 1.0
        gain_h = before.height_stddev**2 / height_var if height_var > 0 else 1.0
        old, new = np.asarray(before.plane.up), np.asarray(fit.plane.up)
        plane = Plane.of(old + gain * (new - old), before.plane.height_m * math.exp(gain_h * off))
        up_sd = max(before.up_stddev_deg * math.sqrt(1 - gain), _AT_BEST * fit.up_stddev_deg)
        height_sd = max(before.height_stddev * math.sqrt(1 - gain_h), _AT_BEST * fit.height_stddev)
        return _floor_of_fit(plane, up_sd, height_sd, fit)

    def _hold(self, before: Floor, why: str) -> Floor:
        if before.plane is None:
            return Floor("absent", note=before.note if before.fit is None and not why else why)
        too_old = before.age_s > self._max_held_s or before.moved_m > self._max_held_m
        vague = before.up_stddev_deg > _MOST_UP_DEG or before.height_stddev > _MOST_HEIGHT
        if too_old or vague:
            note = f"{why}; the last floor is {before.age_s:.1f} s and {before.moved_m:.1f} m old"
            return Floor("absent", note=note)
        return replace(before, status="held", fit=None, note=why)


def _floor_of_fit(plane: Plane, up_sd: float, height_sd: float, fit: FloorFit) -> Floor:
    return Floor("seen", plane, up_sd, height_sd, fit=fit)
