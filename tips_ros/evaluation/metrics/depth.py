# SPDX-License-Identifier: Apache-2.0
"""Depth metrics: errors of predicted against measured depth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tips_ros.evaluation.depth_protocol import DepthProtocol


class DepthErrors(NamedTuple):
    """Errors of one image or their mean; p predicted, t true, both metres along z.

    The first eight are those of Eigen, Puhrsch and Fergus, NIPS 2014, and log10 of Saxena, Sun
    and Ng, "Make3D", PAMI 2009.
    """

    abs_rel: float  # mean |p − t| / t
    sq_rel_m: float  # mean (p − t)² / t, metres
    rmse_m: float  # √ mean (p − t)², metres
    rmse_log: float  # √ mean (ln p − ln t)²
    log10: float  # mean |log₁₀ p − log₁₀ t|
    delta1: float  # share of pixels with max(p/t, t/p) < 1.25
    delta2: float  # … < 1.25²
    delta3: float  # … < 1.25³
    scale_invariant_log: float  # √(mean d² − (mean d)²), d = ln p − ln t: Eigen's with λ = 1
    median_scaled_abs_rel: float  # abs_rel of p · median(t) / median(p)


class ImageDepth(NamedTuple):
    """Errors of one image and over how many pixels."""

    errors: DepthErrors
    pixels: int


class DepthResult(NamedTuple):
    """Means over images, each image counting the same, as the field reports them."""

    errors: DepthErrors
    images: int
    pixels: int


def depth_errors(
    predicted_m: NDArray[np.float32], truth_m: NDArray[np.float32], protocol: DepthProtocol
) -> ImageDepth | None:
    """Compares one image.

    The prediction is held to the protocol's range first, as in the field's own scripts; one that
    is no number counts as the near end. For the median scaling (Zhou et al., "Unsupervised
    Learning of Depth and Ego-Motion from Video", CVPR 2017) it is held to it after the scaling.

    Args:
        predicted_m: (H, W) along z.
        truth_m: (H, W) along z; NaN, infinite, zero and negative don't count.
        protocol: what counts.

    Returns:
        None where no pixel counts.
    """
    counts = protocol.mask(truth_m)
    t = truth_m[counts].astype(np.float64)
    if not t.size:
        return None
    near, far = protocol.min_m, protocol.max_m
    p = predicted_m[counts].astype(np.float64)
    p = np.maximum(np.nan_to_num(p, nan=near, posinf=far, neginf=near), near)
    scaled = np.clip(p * (np.median(t) / np.median(p)), near, far)
    p = np.minimum(p, far)
    off, log_off = p - t, np.log(p) - np.log(t)
    ratio = np.maximum(p / t, t / p)
    errors = DepthErrors(
        abs_rel=float(np.mean(np.abs(off) / t)),
        sq_rel_m=float(np.mean(off**2 / t)),
        rmse_m=float(np.sqrt(np.mean(off**2))),
        rmse_log=float(np.sqrt(np.mean(log_off**2))),
        log10=float(np.mean(np.abs(log_off)) / np.log(10.0)),
        delta1=float(np.mean(ratio < 1.25)),
        delta2=float(np.mean(ratio < 1.25**2)),
        delta3=float(np.mean(ratio < 1.25**3)),
        scale_invariant_log=float(np.std(log_off)),
        median_scaled_abs_rel=float(np.mean(np.abs(scaled - t) / t)),
    )
    return ImageDepth(errors, t.size)


class DepthMetrics:
    """Gathers the errors of images; memory does not grow with them."""

    def __init__(self, protocol: DepthProtocol) -> None:
        self._protocol = protocol
        self._sums = np.zeros(len(DepthErrors._fields))
        self._images = 0
        self._pixels = 0

    def add(
        self, predicted_m: NDArray[np.float32], truth_m: NDArray[np.float32]
    ) -> DepthErrors | None:
        """The image's own errors; None, and nothing gathered, where no pixel counts."""
        image = depth_errors(predicted_m, truth_m, self._protocol)
        if image is None:
            return None
        self._sums += image.errors
        self._images += 1
        self._pixels += image.pixels
        return image.errors

    def result(self) -> DepthResult | None:
        """None before the first image that counts."""
        if not self._images:
            return None
        means = (self._sums / self._images).tolist()
        return DepthResult(DepthErrors(*means), self._images, self._pixels)
