# SPDX-License-Identifier: Apache-2.0
"""Changes of the picture that neither its noise nor its exposure explains."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.temporal.glance import Glance
from tips_ros.perception.temporal.median import median_of
from tips_ros.perception.temporal.motion import Warp

_LEVELS = 10.0  # that nothing but a change explains


class Change(NamedTuple):
    """A picture's change since the frame before.

    Attributes:
        levels: by how many it is brighter as a whole.
        pixels: (h, w) that are not what they were.
        around: (h, w) those, and what is close by.
    """

    levels: float
    pixels: NDArray[np.bool_]
    around: NDArray[np.bool_]


def change_between(now: Glance, before: Glance, warp: Warp) -> Change:
    """Compares two frames, laid over each other.

    Of a camera that stands each colour counts; of one that moves, brightness alone: colours are
    too noisy for places that are half a pixel off.
    """
    brighter = cv2.subtract(now.grey, warp.sample_map(before.grey, 0.0), dtype=cv2.CV_32F)
    few = brighter[::3, ::3]
    middle = float(median_of(few))
    spread = 1.48 * float(median_of(np.abs(few - middle)))
    most = max(_LEVELS, min(4.0 * spread, 2.0 * _LEVELS))
    amount = np.abs(brighter - np.float32(middle))
    if warp.kind == "standing":
        amount = color_difference(now.color, before.color.astype(np.float32) + np.float32(middle))
    pixels = np.asarray(amount > most, np.bool_)
    # What the network says beside a change has changed, too.
    around = cv2.dilate(pixels.view(np.uint8), np.ones((5, 5), np.uint8))
    return Change(middle, pixels, np.asarray(around > 0, np.bool_))


def color_difference(one: NDArray[np.uint8], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w) levels, of the colour that differs most."""
    red, green, blue = cv2.split(cv2.absdiff(one.astype(np.float32), other))
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)
