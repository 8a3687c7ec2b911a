# SPDX-License-Identifier: Apache-2.0
"""The part of the picture that points are made of, as fractions of whatever size it has.

Fractions mean the same part at every resolution of the camera and at every size of the outputs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tips_ros.perception.cloud.cloud_cleaning import Rectangle

_ROUNDING = 1e-9  # 0.7 + 0.3 may be a little more than 1


def check_roi(roi: Sequence[float]) -> None:
    """ValueError unless it is empty, or x, y, width and height of a part of the picture."""
    if not len(roi):
        return
    fits = len(roi) == 4 and all(math.isfinite(number) for number in roi)
    if fits:
        x, y, width, height = roi
        fits = min(x, y) >= 0 < min(width, height) and max(x + width, y + height) <= 1 + _ROUNDING
    if not fits:
        raise ValueError(
            "[x, y, width, height] as fractions of the picture, as in [0.0, 0.5, 1.0, 0.5] for its "
            f"lower half, or none; got {[*roi]}"
        )


def roi_rectangle(roi: Sequence[float], size: tuple[int, int]) -> Rectangle | None:
    """The pixels of a picture of (H, W); None for all of them.

    A pixel belongs to the part when its centre does; a part is never less than one pixel.

    Raises:
        ValueError: see `check_roi`.
    """
    check_roi(roi)
    if not len(roi):
        return None
    (height, width), (x, y, part_width, part_height) = size, roi
    left, right = _pixels(x, part_width, width)
    top, bottom = _pixels(y, part_height, height)
    return Rectangle(left, top, right - left, bottom - top)


def _pixels(start: float, length: float, count: int) -> tuple[int, int]:
    """First pixel, and the one after the last."""
    # Edges of pixels are at whole numbers here, so centres are at a half.
    first = min(math.ceil(start * count - 0.5 - _ROUNDING), count - 1)
    return first, max(first + 1, math.floor((start + length) * count + 0.5 + _ROUNDING))
