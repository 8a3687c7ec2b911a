# SPDX-License-Identifier: Apache-2.0
"""One number or two: the scale by a sensor, over many frames, in the form that explains it better.

A factor alone is told by any view, and is right of a network that errs by a factor. Scale and shift
of inverse depth are told only by a view of some depth; they are taken where they explain the sensor
clearly better for some frames in a row, and held while the view is too flat to tell them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.depth.depth_scale import DepthScale
from tips_ros.perception.depth.inverse_affine import fit_inverse_affine
from tips_ros.perception.depth.scale_filter import ScaleFilter
from tips_ros.perception.depth.sensor_scale import LEAST_INLIERS, MOST_SPREAD

# The spread that two numbers leave, as a part of what one leaves: below the first they are taken,
# above the second given up, after so many frames in a row.
_CLEARLY_BETTER, _HARDLY_BETTER = 0.7, 0.85
_IN_A_ROW = 3
_LEAST_SPREAD = 0.005  # sensors and pixels are not better: below it nothing is explained
_CONTRADICTED = math.log1p(0.2)  # a held pair that a whole view is off by so much is another's


class FitChoice:
    """Takes the points of frame after frame; from one thread."""

    def __init__(self) -> None:
        self._one, self._two = ScaleFilter(), ScaleFilter()
        self.reset()

    @property
    def current(self) -> DepthScale | None:
        """The scale in use; None before the first."""
        return self._two.current if self._is_two else self._one.current

    @property
    def held(self) -> bool:
        """Whether two numbers are in use that the last frame did not tell."""
        return self._is_two and self._is_flat

    def add(
        self, one: DepthScale, predicted_m: NDArray[np.float64], sensor_m: NDArray[np.float64]
    ) -> DepthScale:
        """A frame that was measured.

        Args:
            one: what `sensor_scale` says of its points, as a factor alone.
            predicted_m, sensor_m: (N,) its points, as of `pair_depths`.

        Returns:
            The measure of this frame in the form that is in use now; perhaps not a usable one.
        """
        two = affine_scale(predicted_m, sensor_m)
        self._one.add(one)
        self._is_flat = two is None
        if two is None:
            self._doubt_held(predicted_m, sensor_m)
            return one
        self._two.add(two)
        self._vote(one, two)
        return two if self._is_two else one

    def use_one(self, measure: DepthScale) -> None:
        """A frame of which a single form is wanted: a factor, with an offset in metres perhaps."""
        self._one.add(measure)
        self._two.reset()
        self._is_two = self._is_flat = False
        self._votes = 0

    def reset(self) -> None:
        """Forgets everything."""
        self._one.reset()
        self._two.reset()
        self._is_two = self._is_flat = False
        self._votes = 0  # frames in a row that speak against the form in use

    def _vote(self, one: DepthScale, two: DepthScale) -> None:
        share = 0.0  # where a factor explains nothing
        if one.consistent:
            share = max(two.spread or 0.0, _LEAST_SPREAD) / max(one.spread or 0.0, _LEAST_SPREAD)
        against = share > _HARDLY_BETTER if self._is_two else share < _CLEARLY_BETTER
        self._count(against)

    def _doubt_held(
        self, predicted_m: NDArray[np.float64], sensor_m: NDArray[np.float64]
    ) -> None:
        pair = self._two.current
        if not self._is_two or pair is None or not predicted_m.size:
            self._votes = 0
            return
        said = np.asarray(pair.apply(predicted_m), np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            off = float(np.median(np.abs(np.log(sensor_m / said))))
        self._count(not off <= _CONTRADICTED)

    def _count(self, against: bool) -> None:
        self._votes = self._votes + 1 if against else 0
        if self._votes >= _IN_A_ROW:
            if self._is_two:
                self._two.reset()
            self._is_two, self._votes = not self._is_two, 0


def affine_scale(
    predicted_m: NDArray[np.float64], sensor_m: NDArray[np.float64]
) -> DepthScale | None:
    """Scale and shift of inverse depth by a frame's points; None where they don't tell them."""
    fit = fit_inverse_affine(predicted_m, sensor_m)
    if fit is None or fit.spread > MOST_SPREAD or fit.inliers < LEAST_INLIERS * fit.samples:
        return None
    return DepthScale(
        1 / fit.slope,
        "sensor",
        spread=fit.spread,
        samples=fit.samples,
        inliers=fit.inliers,
        inverse_offset=fit.offset,
    )
