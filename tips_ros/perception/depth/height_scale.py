# SPDX-License-Identifier: Apache-2.0
"""The scale of depth by the camera's height over the floor, which the robot's builder knows.

A slope in view, or a pitch that nobody told, moves the height that a floor is seen at. So a frame
counts only where its floor is seen well and lies level by those who know what is, and the scale
follows slowly. One that is not renewed is held for a while, and dropped with a word.
"""

from __future__ import annotations

import math
from dataclasses import replace

from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.scale_filter import ScaleFilter
from tips_ros.perception.ground.candidates import Up
from tips_ros.perception.ground.fit.plane_fit import FloorFit

LOOKS_APART_S = 0.2
_REMEMBERED = 31  # looks, the middle one of which counts
_LEAST = 5
_MOST_TILT_DEG = 3.0
_MOST_RESIDUAL, _MOST_VAGUE = 0.15, 0.1  # as parts of depth and height
_LEAST_INLIERS = 0.5
_MOST_FACTOR = 4.0  # beyond, the height that was told is another's
_SAID_S = 1.0  # a scale that was not renewed for so long is said to be held
HELD_S = 30.0


class HeightScale:
    """Takes floors of one camera's frames; from one thread."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forgets everything, as when time jumps back."""
        self._filter = ScaleFilter(_REMEMBERED, jump=math.inf)
        self._measures = 0
        self._looked_at = self._good_at = -math.inf
        self._why = "no floor was looked at yet"
        self._dropped = False

    def is_due(self, at_s: float) -> bool:
        """Whether a frame of this stamp is to be looked at; one that is earlier begins anew."""
        if at_s < self._looked_at:
            self.reset()
        return at_s >= self._looked_at + LOOKS_APART_S

    def record_miss(self, at_s: float, why: str) -> None:
        """A frame that could not be measured."""
        self._looked_at, self._why = at_s, why

    def add(
        self, at_s: float, fit: FloorFit, up: Up, height_m: float, otherwise: DepthScale
    ) -> None:
        """A frame whose floor was fitted without a word of those who know what is level.

        Args:
            at_s: stamp.
            fit: its floor, in the metres of another scale.
            up: by those who know.
            height_m: of the camera over the floor, as told.
            otherwise: that other scale.
        """
        factor = height_m / fit.plane.height_m
        if why := _gate(fit, up, height_m, factor):
            self.record_miss(at_s, why)
            return
        self._looked_at = self._good_at = at_s
        self._why, self._dropped = "", False
        self._measures += 1
        self._filter.add(
            DepthScale(
                otherwise.factor * factor, "ground", samples=fit.samples, inliers=fit.inliers
            )
        )

    def scale(self, at_s: float, otherwise: DepthScale) -> DepthScale:
        """Returns the scale in use at a frame; the other one until the floor has told it."""
        if self._measures and at_s - self._good_at > HELD_S:
            why, looked_at = self._why, self._looked_at
            self.reset()
            self._why, self._looked_at, self._dropped = why, looked_at, True
        current = self._filter.current
        if current is None or self._measures < _LEAST:
            why = self._why or "the floor is being looked at"
            dropped = f"no floor could be trusted for {HELD_S:g} s: " if self._dropped else ""
            return otherwise.with_note(dropped + why)
        current = replace(current, spread=self._filter.wander)
        if at_s - self._good_at > _SAID_S:
            return current.with_note(f"held, as {self._why}")
        return current


def _gate(fit: FloorFit, up: Up, height_m: float, factor: float) -> str:
    """The reason not to believe a floor; "" where there is none."""
    tilt_deg = fit.plane.angle_deg(up.vector)
    if tilt_deg > _MOST_TILT_DEG:
        return f"the floor is tilted by {tilt_deg:.1f} degrees against what {up.source} calls level"
    if fit.residual > _MOST_RESIDUAL or fit.height_stddev > _MOST_VAGUE:
        return f"the floor is seen too unevenly, by {100 * fit.residual:.0f} % of its depth"
    if fit.inliers < _LEAST_INLIERS * fit.samples:
        return f"only {fit.inliers} of {fit.samples} places of the floor lie in one plane"
    if not 1 / _MOST_FACTOR < factor < _MOST_FACTOR:
        return (
            f"the floor is seen {fit.plane.height_m:.2f} m below the camera and told to be "
            f"{height_m:.2f} m: check ground.camera_height_m, or the transform to the base frame"
        )
    return ""
