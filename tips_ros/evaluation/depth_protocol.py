# SPDX-License-Identifier: Apache-2.0
"""Protocols of depth evaluation: the pixels of a dataset that are compared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Crop(NamedTuple):
    """Rows and columns that count, half-open, of an image of one known size (H, W), pixels."""

    top: int
    bottom: int
    left: int
    right: int
    image_size: tuple[int, int]


class DepthProtocol(NamedTuple):
    """The rule by which depths are compared; numbers of different rules can't be compared.

    Attributes:
        min_m: only truth beyond this counts; predictions are raised to it.
        max_m: only truth nearer than this counts; predictions are lowered to it.
        crop: the window that counts; None for the whole image.
    """

    min_m: float = 1e-3
    max_m: float = 80.0
    crop: Crop | None = None

    def mask(self, truth_m: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(H, W) depths along z → (H, W), where the truth is valid, in range and in the crop.

        Raises:
            ValueError: the crop was made for images of another size.
        """
        with np.errstate(invalid="ignore"):
            counts = (truth_m > max(self.min_m, 0.0)) & (truth_m < self.max_m)  # NaN is neither
        if self.crop is None:
            return counts
        if truth_m.shape != self.crop.image_size:
            raise ValueError(
                f"the depth crop is for images of {self.crop.image_size} (H, W), "
                f"but this truth is {truth_m.shape}; give the dataset's own size, or no crop"
            )
        window = np.zeros_like(counts)
        window[self.crop.top : self.crop.bottom, self.crop.left : self.crop.right] = True
        return counts & window


# NYUv2 as Eigen, Puhrsch and Fergus measured it ("Depth Map Prediction from a Single Image using
# a Multi-Scale Deep Network", NIPS 2014) and the field since: without the border that the
# rectification left empty, and up to the sensor's 10 m.
NYU_EIGEN = DepthProtocol(1e-3, 10.0, Crop(45, 471, 41, 601, (480, 640)))
