# SPDX-License-Identifier: Apache-2.0
"""Normal metrics: angles between predicted and measured surface normals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_BIN_DEG = 0.01
_BINS = round(180.0 / _BIN_DEG) + 1  # the last one for exactly 180°


class NormalResult(NamedTuple):
    """Angles between predicted and true normals, degrees, over all valid pixels of all images.

    The field's numbers since Fouhey, Gupta and Hebert, "Data-Driven 3D Primitives for Single
    Image Understanding", ICCV 2013; below 5° as in Bae, Budvytis and Cipolla, ICCV 2021.
    """

    mean_deg: float
    median_deg: float  # to within 0.005°
    rmse_deg: float
    within_5_deg: float  # share of pixels, 0 to 1
    within_11_25_deg: float
    within_22_5_deg: float
    within_30_deg: float
    images: int
    pixels: int


_LIMITS_DEG = (5.0, 11.25, 22.5, 30.0)


def angles_deg(predicted: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.float64]:
    """(H, W) angles between two fields of normals (H, W, 3) of any length, degrees.

    NaN where the truth has no direction. A prediction without one where the truth has one is
    wrong by 180°, so that leaving hard pixels out does not pay.
    """
    p = np.where(_is_direction(predicted)[..., None], predicted, 1.0).astype(np.float64)
    t = np.where(_is_direction(truth)[..., None], truth, 1.0).astype(np.float64)
    # atan2(|p × t|, p · t) keeps its digits at small angles, where arccos loses half of them.
    cross = np.linalg.norm(np.cross(p, t), axis=-1)
    angle = np.degrees(np.arctan2(cross, np.sum(p * t, axis=-1)))
    angle[~_is_direction(predicted)] = 180.0
    angle[~_is_direction(truth)] = np.nan
    return np.asarray(angle)


class NormalMetrics:
    """Gathers angles of images in a histogram; memory does not grow with them."""

    def __init__(self) -> None:
        self._histogram = np.zeros(_BINS, np.int64)
        self._within = np.zeros(len(_LIMITS_DEG), np.int64)
        self._sum_deg = self._sum_squares = 0.0
        self._images = 0

    def add(self, predicted: NDArray[np.float32], truth: NDArray[np.float32]) -> float | None:
        """The image's own mean angle, degrees; None where the truth has no direction anywhere."""
        angles = angles_deg(predicted, truth)
        angles = angles[np.isfinite(angles)]
        if not angles.size:
            return None
        self._histogram += np.bincount((angles / _BIN_DEG).astype(np.intp), minlength=_BINS)
        self._within += [int(np.count_nonzero(angles < limit)) for limit in _LIMITS_DEG]
        self._sum_deg += float(angles.sum())
        self._sum_squares += float(np.square(angles).sum())
        self._images += 1
        return float(angles.mean())

    def result(self) -> NormalResult | None:
        """None before the first image that counts."""
        if not self._images:
            return None
        pixels = int(self._histogram.sum())
        middle = int(np.searchsorted(np.cumsum(self._histogram), pixels / 2))
        within = (self._within / pixels).tolist()
        return NormalResult(
            mean_deg=self._sum_deg / pixels,
            median_deg=min((middle + 0.5) * _BIN_DEG, 180.0),
            rmse_deg=float(np.sqrt(self._sum_squares / pixels)),
            within_5_deg=within[0],
            within_11_25_deg=within[1],
            within_22_5_deg=within[2],
            within_30_deg=within[3],
            images=self._images,
            pixels=pixels,
        )


def _is_direction(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(…, 3) → (…), where the vector is finite and not zero."""
    return np.asarray(np.isfinite(vectors).all(axis=-1) & (vectors != 0).any(axis=-1))
