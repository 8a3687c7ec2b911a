# SPDX-License-Identifier: Apache-2.0
"""Fits a deviation model to measured depth: Laplace's likelihood of ln depth, and coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy  # noqa: F401  missing, it is told of at the start, and not after a training
from numpy.typing import NDArray

from tips_ros.perception.deviation.model import ALONE, TOGETHER, DeviationModel

_NORMAL = (0.6827, 0.9545)  # of a normal distribution, within one and two standard deviations
_FACTORS = 0.05, 20.0  # within which one is looked for
_LEAST = 2_000  # pixels


class TooLittle(ValueError):
    """Too few pixels with measured depth to fit anything to."""


class DeviationFit:
    """Gathers pixels of images, and fits.

    For a Laplace distribution of ln depth with the scale b, ln b linear in the cues, the negative
    log-likelihood |error| / b + ln b is convex, with one minimum. A deviation is
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
    # Of mean 0 and variance 1, so that a step means the same to each; the constant stays.
    mean, spread = cues.mean(axis=0), cues.std(axis=0)
    constant = spread < 1e-9
    mean[constant], spread[constant] = 0.0, 1.0
    standard = (cues - mean) / spread
    theta = _most_likely(standard, np.abs(np.log(ratios.astype(np.float64))))
    scale = np.exp(standard @ theta)
    found = theta / spread
    found[0] -= float(found @ mean)
    found[0] += np.log(_factor(np.abs(ratios - 1.0) / scale))
    return [float(number) for number in found]


def _most_likely(
    cues: NDArray[np.float64], errors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(K,) of the logarithm of Laplace's scale, cue by cue."""
    from scipy.optimize import minimize  # a part of a second, where something is fitted

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The negative log-likelihood, and its slope."""
        logarithm = cues @ theta
        weights = errors * np.exp(-logarithm)
        return float(np.mean(weights + logarithm)), (1.0 - weights) @ cues / len(errors)

    start = np.zeros(cues.shape[1])
    start[0] = np.log(errors.mean() + 1e-9)
    return np.asarray(minimize(loss, start, jac=True).x)


def _factor(in_scales: NDArray[np.float64]) -> float:
    """The factor from Laplace's scale to a deviation, by how the errors are covered."""
    # Within one and two of the factor at once, in as many of both as of a normal distribution.
    both = np.concatenate([in_scales, in_scales / 2])
    return float(np.clip(np.quantile(both, sum(_NORMAL) / 2), *_FACTORS))
