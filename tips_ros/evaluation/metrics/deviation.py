# SPDX-License-Identifier: Apache-2.0
"""Deviation metrics: does depth's deviation tell where depth is off, and by how much?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.depth_protocol import DepthProtocol

_CUTS = 100  # shares of the pixels that are left out, from none to nearly all
_BINS = 4096
_LOG_RANGE = (-14.0, 6.0)  # of natural logarithms: what lies beyond counts at the end


class DeviationResult(NamedTuple):
    """Metrics over all pixels of all images; p predicted, t true, σ the deviation, in metres.

    The sparsification error is that of Ilg et al., "Uncertainty Estimates and Multi-Hypotheses
    Networks for Optical Flow", ECCV 2018: pixels are left out one after the other, the least
    certain first, and the mean error of those that remain is compared with what it would be had
    the most wrong gone first. The area between the two, as a fraction of that for an order that
    knows nothing: 0 is perfect, 1 is chance.

    Attributes:
        within_1_sigma, within_2_sigma: shares of the pixels with |p − t| below σ and 2 σ; of a
            normal distribution 0.683 and 0.954.
        ause_abs_rel: of mean |p − t| / t, by σ / p.
        ause_rmse: of √ mean (p − t)², by σ.
        negative_log_likelihood: of ln t, for a Laplace distribution around ln p with the deviation
            σ / p; mean over pixels, in nats.
        median_relative: σ / p of the median pixel.
        calibrated: whether the deviation was fitted to this model.
        images, pixels: that were compared.
    """

    within_1_sigma: float
    within_2_sigma: float
    ause_abs_rel: float
    ause_rmse: float
    negative_log_likelihood: float
    median_relative: float
    calibrated: bool
    images: int
    pixels: int


class DeviationMetrics:
    """Gathers pixels; memory does not grow with them."""

    def __init__(self, protocol: DepthProtocol, calibrated: bool) -> None:
        self._protocol, self._calibrated = protocol, calibrated
        self._by_deviation = {"abs_rel": _Ordered(), "rmse": _Ordered()}
        self._by_error = {"abs_rel": _Ordered(), "rmse": _Ordered()}
        self._within = np.zeros(2)
        self._likelihood = 0.0
        self._images = self._pixels = 0

    def add(
        self,
        predicted_m: NDArray[np.float32],
        stddev_m: NDArray[np.float32],
        truth_m: NDArray[np.float32],
    ) -> None:
        """One image, all (H, W) along z; a pixel without a depth or a deviation does not count."""
        counts = self._protocol.mask(truth_m) & np.isfinite(predicted_m) & (predicted_m > 0)
        counts &= np.isfinite(stddev_m) & (stddev_m > 0)
        if not counts.any():
            return
        p, s = predicted_m[counts].astype(np.float64), stddev_m[counts].astype(np.float64)
        t = truth_m[counts].astype(np.float64)
        off = np.abs(p - t)
        self._images += 1
        self._pixels += off.size
        self._within += [np.count_nonzero(off < s), np.count_nonzero(off < 2.0 * s)]
        relative = off / t
        self._by_deviation["abs_rel"].add(s / p, relative)
        self._by_error["abs_rel"].add(relative, relative)
        self._by_deviation["rmse"].add(s, off**2)
        self._by_error["rmse"].add(off, off**2)
        scale = s / p / np.sqrt(2.0)
        self._likelihood += float(np.sum(np.abs(np.log(p / t)) / scale + np.log(2.0 * scale)))

    def result(self) -> DeviationResult | None:
        """None before the first pixel."""
        if not self._pixels:
            return None
        one, two = (self._within / self._pixels).tolist()
        return DeviationResult(
            one,
            two,
            self._ause("abs_rel"),
            self._ause("rmse"),
            self._likelihood / self._pixels,
            self._by_deviation["abs_rel"].median(),
            self._calibrated,
            self._images,
            self._pixels,
        )

    def _ause(self, error: str) -> float:
        left, best = (of[error].sparsification() for of in (self._by_deviation, self._by_error))
        if error == "rmse":
            left, best = np.sqrt(left), np.sqrt(best)
        chance = float(np.mean(left[0] - best))
        return float(np.mean(left - best)) / chance if chance > 0 else 0.0


class _Ordered:
    """Errors in the order of a number above 0, by its logarithm in narrow bins."""

    def __init__(self) -> None:
        self._count = np.zeros(_BINS)
        self._sum = np.zeros(_BINS)

    def add(self, order: NDArray[np.float64], errors: NDArray[np.float64]) -> None:
        low, high = _LOG_RANGE
        place = (np.log(np.maximum(order, 1e-12)) - low) * (_BINS / (high - low))
        bins = np.clip(place, 0, _BINS - 1).astype(np.intp)
        self._count += np.bincount(bins, minlength=_BINS)
        self._sum += np.bincount(bins, errors, _BINS)

    def sparsification(self) -> NDArray[np.float64]:
        """(_CUTS,) mean error of the rest without that share with the largest numbers."""
        count, total = (
            np.concatenate([[0.0], np.cumsum(values)]) for values in (self._count, self._sum)
        )
        kept = count[-1] * (1.0 - np.arange(_CUTS) / _CUTS)
        return np.asarray(np.interp(kept, count, total) / kept)

    def median(self) -> float:
        low, high = _LOG_RANGE
        half = np.searchsorted(np.cumsum(self._count), self._count.sum() / 2)
        return float(np.exp(low + (half + 0.5) * (high - low) / _BINS))
