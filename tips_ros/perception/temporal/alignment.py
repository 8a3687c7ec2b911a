# SPDX-License-Identifier: Apache-2.0
"""The camera's motion between two frames by their brightness: better than by flow, from nearby.

Flow is too short where there is little to see, and of somebody who walks by it has much to say. So
a motion is chosen by how much of the picture it leaves unexplained, each pixel with a limit to its
say, and bettered by what brightness tells from there (steps of Gauss and Newton).
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.temporal.glance import Glance

_PLACES = 5  # every n-th pixel along each axis is asked
_MOST_LEVELS = 30.0  # of brightness that one pixel can say against a motion
_LEAST_SPREAD = 1.5  # of brightness
_STEPS = 2

Velocity = NDArray[np.float64]  # (6,) metres, and radians, from one frame to the other


class Alignment:
    """Two frames of one size and lens, compared at the places where depth is known."""

    def __init__(self, now: Glance, before: Glance) -> None:
        """Looks up what does not depend on the motion."""
        few = (slice(1, -1, _PLACES), slice(1, -1, _PLACES))
        rays, inverse = now.lens.rays()[few], np.exp(-now.log_depth[few])
        known = np.isfinite(inverse) & np.isfinite(rays).all(axis=-1)
        self._lens = now.lens
        self._rays = cv2.convertPointsToHomogeneous(rays[known])[:, 0].astype(np.float64)
        self._inverse = inverse[known].astype(np.float64)
        self._now = now.grey[few][known].astype(np.float32)
        self._slope_now = _slope(now.grey)[few][known]
        self._before, self._slope_before = before.grey.astype(np.float32), _slope(before.grey)
        self._rows = motion_rows(self._rays, self._inverse, now.lens)

    def best_motion(self, guesses: Iterable[Velocity]) -> Velocity:
        """The motion that explains most, near one of the guesses."""
        tried = [(self._measure_error(guess), guess) for guess in guesses]
        left, best = min(tried, key=lambda pair: pair[0])
        velocity = best
        for _ in range(_STEPS):
            velocity = self._step(velocity)
        return velocity if self._measure_error(velocity) <= left else best

    def _measure_error(self, velocity: Velocity) -> float:
        x, y = self._places(velocity)
        seen = self._sample(self._before, x, y)[:, 0]
        off = np.abs(self._now - seen)
        return float(np.minimum(np.nan_to_num(off, nan=_MOST_LEVELS), _MOST_LEVELS).mean())

    def _step(self, velocity: Velocity) -> Velocity:
        x, y = self._places(velocity)
        off = self._sample(self._before, x, y)[:, 0] - self._now
        slope = 0.5 * (self._sample(self._slope_before, x, y)[:, 0] + self._slope_now)
        seen = np.isfinite(off) & np.isfinite(slope).all(axis=-1)
        if np.count_nonzero(seen) < len(seen) // 4:
            return velocity
        off -= np.median(off[seen])
        spread = max(1.48 * float(np.median(np.abs(off[seen]))), _LEAST_SPREAD)
        weights = np.where(seen, 1.0 / (1.0 + (off / (2.0 * spread)) ** 2), 0.0)
        off, slope = np.where(seen, off, 0.0), np.where(seen[:, None], slope, 0.0)
        across, down = self._rows
        rows = across * slope[:, :1] + down * slope[:, 1:]
        weighted = rows * weights[:, None]
        normal = weighted.T @ rows + 1e-6 * np.eye(6) * self._lens.intrinsics.fx ** 2
        return np.asarray(velocity - np.linalg.solve(normal, weighted.T @ off))

    def _places(self, velocity: Velocity) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, 1) pixels of the frame before."""
        turn = cv2.Rodrigues(velocity[3:])[0]
        points = self._rays @ turn.T + self._inverse[:, None] * velocity[:3]
        points[points[:, 2] <= 0.0] = np.nan
        if self._lens.is_pinhole:
            k = self._lens.intrinsics
            focal, middle = np.array((k.fx, k.fy)), np.array((k.cx, k.cy))
            pixels = points[:, :2] / points[:, 2:] * focal + middle
        else:
            pixels = self._lens.project(points.reshape(-1, 3)).reshape(-1, 2)
        pixels = np.nan_to_num(pixels, nan=-1e4).astype(np.float32)
        x, y = pixels.T
        return np.ascontiguousarray(x[:, None]), np.ascontiguousarray(y[:, None])

    @staticmethod
    def _sample(
        of: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        linear, outside = cv2.INTER_LINEAR, cv2.BORDER_CONSTANT
        return np.asarray(cv2.remap(of, x, y, linear, None, outside, (np.nan,) * 4), np.float32)


def motion_rows(
    rays: NDArray[np.float64], inverse: NDArray[np.float64], lens: Lens
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixels that a small motion moves a point by: (N, 6) across and (N, 6) down.

    A point P that was at P + ω × P + t. Its shift is linear in t and ω.

    Args:
        rays: (N, 2) or (N, 3), x and y at a distance of 1.
        inverse: (N,) 1 / metres.
        lens: at the size of the pixels.
    """
    x, y = rays[:, 0], rays[:, 1]
    zero, one = np.zeros(len(x)), np.ones(len(x))
    k = lens.intrinsics
    across = np.stack([inverse, zero, -x * inverse, -x * y, one + x * x, -y], axis=1) * k.fx
    down = np.stack([zero, inverse, -y * inverse, -one - y * y, x * y, x], axis=1) * k.fy
    return across, down


def _slope(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(h, w, 2) levels a pixel, across and down."""
    both = (cv2.Sobel(grey, cv2.CV_32F, *of, ksize=3, scale=1 / 8) for of in ((1, 0), (0, 1)))
    return np.asarray(cv2.merge(list(both)), np.float32)
