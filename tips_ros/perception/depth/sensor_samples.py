# SPDX-License-Identifier: Apache-2.0
"""Pixels at which a sensor's depth image and a predicted one of the same view are compared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# A factor of samples that differ by 20 % is then known to 0.3 %; more cost time and tell little.
_MOST = 4000
_ALIKE = 0.02  # of the proportions, which rounding to whole pixels changes


class Samples(NamedTuple):
    """Depths of the same directions."""

    predicted_m: NDArray[np.float32]  # (N,)
    sensor_m: NDArray[np.float32]  # (N,)


def sensor_samples(
    predicted_m: NDArray[np.float32], sensor_m: NDArray[np.float32], most: int = _MOST
) -> Samples:
    """Samples the sensor's depth, evenly thinned, and the prediction at the same pixels.

    The images may be of any sizes: each measured pixel is compared with the one of the prediction
    that its centre falls into, so that not one point of a sparse sensor is lost.

    Args:
        predicted_m: (H, W).
        sensor_m: (h, w) of the same view; NaN, infinite, zero and negative mean "not measured".
        most: samples that are taken.

    Raises:
        ValueError: images of different proportions are not of the same view.
    """
    (height, width), (rows, columns) = predicted_m.shape, sensor_m.shape
    if abs(rows * width / (columns * height) - 1.0) > _ALIKE + 1.0 / min(rows, columns):
        raise ValueError(
            f"the sensor's depth is {columns}x{rows}, which is another view than {width}x{height}; "
            "publish depth that is registered to the camera's image"
        )
    with np.errstate(invalid="ignore"):
        measured = np.flatnonzero((sensor_m > 0) & (sensor_m < np.inf))
    if measured.size > most:
        measured = measured[np.linspace(0, measured.size - 1, most).astype(np.int64)]
    v, u = np.divmod(measured, columns)
    at = (2 * v + 1) * height // (2 * rows) * width + (2 * u + 1) * width // (2 * columns)
    return Samples(predicted_m.ravel()[at], sensor_m.ravel()[measured])
