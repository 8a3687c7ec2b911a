# SPDX-License-Identifier: Apache-2.0
"""Remembers of a camera's images what the next one is to be decoded by.

Cameras put samples of 10, 12 and 14 bits into the low bits of 16, and no message says how many.
Taken as 16 bits, a picture of 10 is black. Decided anew for each picture, a live one would flicker.
So the largest sample of the whole stream decides, and a stream never loses bits again.
"""

from __future__ import annotations

import logging
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

DEPTHS = (8, 10, 12, 14, 16)  # bits that cameras have
_FEW_LEVELS = 32  # of 256: a picture of fewer is nearly flat
_ABOVE_BLACK = 4096  # no camera has its black there, but thermal ones count from absolute zero


class ImageStream:
    """The bits of a stream's 16-bit samples, and what has been logged about it."""

    def __init__(self, name: str | None = None) -> None:
        """Begins with nothing known.

        Args:
            name: of the stream, such as its topic, for the log; None logs nothing.
        """
        self._name = name
        self._logged: set[str] = set()
        self.bits = 0

    def to_8_bits(self, samples: NDArray[np.uint16], what: str) -> NDArray[np.uint8]:
        """Scales samples so that the largest number of their bits becomes 255; rounds.

        Args:
            samples: of any shape, not empty; without an alpha channel, which is always full.
            what: what they are, for the log: the encoding.
        """
        smallest, largest = int(samples.min()), int(samples.max())
        bits = next(depth for depth in DEPTHS if largest < 1 << depth)
        if bits > self.bits:
            if bits < DEPTHS[-1] or self.bits:
                self._log(logging.INFO, f"{what} samples reach {largest}: taken as {bits} bits")
            self.bits = bits
        full = (1 << self.bits) - 1
        self._warn_of_a_flat_picture(smallest, largest, full, what)
        return np.asarray(cv2.convertScaleAbs(samples, alpha=255 / full), np.uint8)

    def warn_once(self, kind: str, line: str) -> None:
        """Logs a warning, the first time that one of its kind is given."""
        if kind not in self._logged:
            self._logged.add(kind)
            self._log(logging.WARNING, line)

    def _warn_of_a_flat_picture(self, smallest: int, largest: int, full: int, what: str) -> None:
        levels = (largest - smallest) * 255 // full + 1
        # One that is dark or overexposed as a whole is no camera's fault.
        if smallest >= _ABOVE_BLACK and largest < full and levels < _FEW_LEVELS:
            self.warn_once(
                "flat",
                f"{what} samples lie between {smallest} and {largest}, which leaves {levels} of "
                "256 grey levels, as from a thermal camera without gain control; publish the "
                "picture that its driver stretches to 8 bits (AGC)",
            )

    def _log(self, level: int, line: str) -> None:
        if self._name is not None:
            logger.log(level, "%s: %s", self._name, line)


def as_bytes(samples: NDArray[Any], what: str, stream: ImageStream) -> NDArray[np.uint8]:
    """8-bit samples as they are, 16-bit ones scaled as the stream has them."""
    return samples if samples.dtype == np.uint8 else stream.to_8_bits(samples, what)
