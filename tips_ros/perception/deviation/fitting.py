# SPDX-License-Identifier: Apache-2.0
"""Fits a deviation model to measured depth: Laplace's likelihood of ln depth, and coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.deviation.model import ALONE, TOGETHER, DeviationModel

_NORMAL = (0.6827, 0.9545)  # of a normal distribution, within one and two standard deviations
_RIDGE = 1e-4
_ROUNDS = 50
_LEAST = 2_000  # pixels


class TooLittle(ValueError):
    """Too few pixels with measured depth to fit anything to."""


class DeviationFit:
    """Gathers pixels of images, and fits.

    For a Laplace distribution of ln depth with the scale b, ln b linear in the cues, the negative
    log-likelihood |error| / b + ln b is convex: Newton's steps find its one minimum. A deviation is
    b times the one factor that puts as many more pixels within 1σ than a normal distribution has as
    it leaves out of 2σ: errors have longer tails than that, and no factor does both.
    """

    def __init__(self, pixels_per_image: int = 4096) -> None:
        """`pixels_per_image` is how many of each image count at most."""
        self._most = pixels_per_image
        self._cues: list[NDArray[np.float32]] = []
        self._ratios: list[NDArray[np.float32]] = []

    @property
    def images(self) -> int:
        """The number of pixels that had measured depth."""
        return len(self._ratios)

    def add(
        self,
        cues: dict[str, NDArray[np.float32]],
        predicted_m: NDArray[np.float32],
        truth_m: NDArray[np.float32],
        counts: NDArray[np.bool_],
    ) -> None:
        """One image.

        Args:
            cues: of `TOGETHER`, or of `ALONE` where the model has no other heads, each (h, w).
            predicted_m: (h, w).
            truth_m: (h, w).
            counts: (h, w), where the truth is known.
        """
        where = np.flatnonzero(counts & np.isfinite(predicted_m) & (predicted_m > 0))
        where = where[:: max(1, -(-len(where) // self._most))]
        if not len(where):
            return
        names = TOGETHER if "class_doubt" in cues else ALONE
        self._cues.append(np.stack([cues[name].ravel()[where] for name in names], axis=1))
        self._ratios.append(truth_m.ravel()[where] / predicted_m.ravel()[where])

    def fit(self, fitted_on: str) -> DeviationModel:
        """The model.

        Raises:
            TooLittle: of measured depth.
        """
        ratios = np.concatenate(self._ratios) if self._ratios else np.empty(0, np.float32)
        if len(ratios) < _LEAST:
            raise TooLittle(
                f"{len(ratios):,} pixels with measured depth are too few to fit to: there must be "
                f"{_LEAST:,}"
            )
        cues = np.concatenate(self._cues).astype(np.float64)
        alone = coefficients(cues[:, : len(ALONE)], ratios)
        together = coefficients(cues, ratios) if cues.shape[1] > len(ALONE) else alone
        return DeviationModel(
            dict(zip(ALONE, alone, strict=True)),
            dict(zip(TOGETHER if together is not alone else ALONE, together, strict=True)),
            fitted_on,
        )


def coefficients(cues: NDArray[np.float64], ratios: NDArray[np.float32]) -> Sequence[float]:
    """Fits the coefficients of ln (σ / depth).

    Args:
        cues: (N, K), a constant first.
        ratios: (N,) true / predicted depth.
    """
    # Of mean 0 and variance 1, so that the ridge means the same to each; the constant stays.
    mean, spread = cues.mean(axis=0), cues.std(axis=0)
    constant = spread < 1e-9
    mean[constant], spread[constant] = 0.0, 1.0
    standard = (cues - mean) / spread
    theta = _newton(standard, np.abs(np.log(ratios.astype(np.float64))))
    scale = np.exp(standard @ theta)
    found = theta / spread
    found[0] -= float(found @ mean)
    found[0] += np.log(_factor(np.abs(ratios - 1.0) / scale))
    return [float(number) for number in found]


def _newton(cues: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    theta = np.zeros(cues.shape[1])
    theta[0] = np.log(errors.mean() + 1e-9)

    def loss(at: NDArray[np.float64]) -> float:
        logarithm = cues @ at
        return float(np.mean(errors * np.exp(-logarithm) + logarithm))

    now = loss(theta)
    for _ in range(_ROUNDS):
        weights = errors * np.exp(-(cues @ theta))
        slope = (cues * (1.0 - weights)[:, None]).mean(axis=0)
        curvature = (cues * weights[:, None]).T @ cues / len(errors)
        step = np.linalg.solve(curvature + _RIDGE * np.eye(len(theta)), slope)
        share = 1.0
        while (then := loss(theta - share * step)) > now and share > 1e-4:
            share /= 2
        if now - then < 1e-7:
            break
        theta, now = theta - share * step, then
    return theta


def _factor(in_scales: NDArray[np.float64]) -> float:
    """The factor from Laplace's scale to a deviation, by how the errors are covered."""
    ordered = np.sort(in_scales)

    def balance(factor: float) -> float:
        within = [np.searchsorted(ordered, n * factor) / len(ordered) for n in (1, 2)]
        return float(within[0] - _NORMAL[0] + within[1] - _NORMAL[1])

    low, high = 0.05, 20.0
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if balance(middle) > 0 else (middle, high)
    return (low * high) ** 0.5
