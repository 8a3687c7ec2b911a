# SPDX-License-Identifier: Apache-2.0
"""The camera's motion between two frames by their brightness: better than by flow, from nearby.

Flow is too short where there is little to see, and of somebody who walks by it has much to say. So
a motion is chosen by how much of the picture it leaves unexplained, each pixel with a limit to its
say, and bettered by what brightness tells from there (steps of Gauss and Newton).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.temporal.glance import Glance
from tips_ros.perception.temporal.median import median_of

_PLACES = 5  # every n-th pixel along each axis is asked
_LEAST_PLACES = 40  # where depth is known
_MOST_LEVELS = 30.0  # of brightness that one pixel can say against a motion
_LEAST_SPREAD = 1.5  # of brightness
_STEPS = 2
_LENGTH_STIFFNESS = 50.0  # of a known motion's length: noise of the picture / 0.5, squared
# Of a known motion's length. Beyond them it is no scale of depth that the picture tells of but what
# moves by itself and fills the view: it may turn the known motion round.
_SHORTEST, _LONGEST = 0.5, 2.0

Velocity = NDArray[np.float64]  # (6,) metres, and radians, from one frame to the other


class _Trial(NamedTuple):
    """A motion, the (N, 1) pixels of the frame before that it leads to, and their brightness."""

    velocity: Velocity
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    seen: NDArray[np.float32]
    unexplained: float


class Alignment:
    """Two frames of one size and lens, compared at the places where depth is known."""

    def __init__(self, now: Glance, before: Glance) -> None:
        """Looks up what does not depend on the motion."""
        few = (slice(1, -1, _PLACES), slice(1, -1, _PLACES))
        rays, inverse = now.lens.rays()[few], np.exp(-now.log_depth[few])
        known = np.isfinite(inverse) & np.isfinite(rays).all(axis=-1)
        self._lens, k = now.lens, now.lens.intrinsics
        self._focal, self._middle = np.array([[k.fx], [k.fy]]), np.array([[k.cx], [k.cy]])
        self._inverse = inverse[known].astype(np.float64)
        self._rays = np.ones((3, len(self._inverse)))
        self._rays[:2] = rays[known].T
        self._now = now.grey[few][known].astype(np.float32)
        self._slope_now = _slope(now.grey)[few][known].T
        self._before, self._slope_before = before.grey.astype(np.float32), _slope(before.grey)
        self._rows = motion_rows(self._rays[:2], self._inverse, now.lens)

    def best_motion(self, guesses: Iterable[Velocity]) -> Velocity:
        """The motion that explains most, near one of the guesses; the first if little is known."""
        guesses = list(guesses)
        if len(self._inverse) < _LEAST_PLACES:
            return guesses[0]
        best = min(map(self._try, guesses), key=lambda trial: trial.unexplained)
        bettered, any_way = best, np.eye(6)
        for _ in range(_STEPS):
            change = self._step(bettered, any_way, 1e-6 * self._lens.intrinsics.fx ** 2)
            bettered = self._try(bettered.velocity + change)
        return min(bettered, best, key=lambda trial: trial.unexplained).velocity

    def fit_length(self, velocity: Velocity) -> Velocity:
        """The motion as long as the picture says: depth may have another scale than the motion.

        As it is where little is known, nothing is to be seen, or the picture would have it another
        motion: turned round, or less than half or more than twice as long.
        """
        if len(self._inverse) < _LEAST_PLACES:
            return velocity
        longer = np.zeros((6, 1))
        longer[:3, 0] = velocity[:3]
        given = fitted = self._try(velocity)
        for _ in range(_STEPS):
            change = self._step(fitted, longer, _LENGTH_STIFFNESS)
            fitted = self._try(fitted.velocity + change)
        along, whole = velocity[:3] @ fitted.velocity[:3], velocity[:3] @ velocity[:3]
        if not _SHORTEST * whole <= along <= _LONGEST * whole:
            return velocity
        return min(fitted, given, key=lambda trial: trial.unexplained).velocity

    def _try(self, velocity: Velocity) -> _Trial:
        x, y = self._places(velocity)
        seen = self._sample(self._before, x, y)[:, 0]
        # Also where it is NaN, out of view.
        off = np.fmin(np.abs(self._now - seen), np.float32(_MOST_LEVELS))
        return _Trial(velocity, x, y, seen, float(off.mean()))

    def _step(self, trial: _Trial, ways: NDArray[np.float64], stiffness: float) -> Velocity:
        """A step of the motion from a trial, along the columns of (6, M) ways."""
        slope = self._sample(self._slope_before, trial.x, trial.y)[:, 0].T
        off, slope = trial.seen - self._now, 0.5 * (slope + self._slope_now)
        seen = np.isfinite(off) & np.isfinite(slope).all(axis=0)
        if np.count_nonzero(seen) < len(seen) // 4:
            return np.zeros(6)
        off -= median_of(off[seen])
        spread = max(1.48 * float(median_of(np.abs(off[seen]))), _LEAST_SPREAD)
        weights = np.where(seen, 1.0 / (1.0 + (off / (2.0 * spread)) ** 2), 0.0)
        off, slope = np.where(seen, off, 0.0), np.where(seen, slope, 0.0)
        across, down = self._rows[:, 0], self._rows[:, 1]
        rows = ways.T @ (across * slope[0] + down * slope[1])
        weighted = rows * weights
        normal = weighted @ rows.T + stiffness * np.eye(ways.shape[1])
        return np.asarray(-ways @ np.linalg.solve(normal, weighted @ off))

    def _places(self, velocity: Velocity) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, 1) pixels of the frame before."""
        turn = cv2.Rodrigues(velocity[3:])[0]
        points = turn @ self._rays + velocity[:3, None] * self._inverse
        if self._lens.is_pinhole:
            points[2, ~(points[2] > 0.0)] = np.nan
            pixels = points[:2] / points[2]
            pixels *= self._focal
            pixels += self._middle
        else:
            pixels = self._lens.project(points.T).T
        pixels[~np.isfinite(pixels)] = -1e4
        x, y = pixels.astype(np.float32)[..., None]
        return x, y

    @staticmethod
    def _sample(
        of: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        linear, outside = cv2.INTER_LINEAR, cv2.BORDER_CONSTANT
        return np.asarray(cv2.remap(of, x, y, linear, None, outside, (np.nan,) * 4), np.float32)


def motion_rows(
    rays: NDArray[np.float64], inverse: NDArray[np.float64], lens: Lens
) -> NDArray[np.float64]:
    """Pixels that a small motion moves a point by: (6, 2, N), across and down.

    A point P that was at P + ω × P + t. Its shift is linear in t and ω.

    Args:
        rays: (2, N), x and y at a distance of 1.
        inverse: (N,) 1 / metres.
        lens: at the size of the pixels.
    """
    x, y = rays
    k = lens.intrinsics
    rows = np.zeros((6, 2, len(x)))
    across, down = rows[:, 0], rows[:, 1]
    across[0] = down[1] = inverse
    across[2], down[2] = -x * inverse, -y * inverse
    across[3], down[3] = -x * y, -1.0 - y * y
    across[4], down[4] = 1.0 + x * x, x * y
    across[5], down[5] = -y, x
    across *= k.fx
    down *= k.fy
    return rows


def _slope(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(h, w, 2) levels a pixel, across and down."""
    both = (cv2.Sobel(grey, cv2.CV_32F, *of, ksize=3, scale=1 / 8) for of in ((1, 0), (0, 1)))
    return np.asarray(cv2.merge(list(both)), np.float32)
