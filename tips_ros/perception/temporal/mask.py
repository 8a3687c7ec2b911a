# SPDX-License-Identifier: Apache-2.0
"""Masks of a frame in few pixels, at the frame's own size."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray


def enlarge_mask(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Nearest neighbours of (h, w) as OpenCV takes them: (H, W) 0 and 1, for a `size` of (W, H).

    OpenCV looks up each pixel of each row, however often rows repeat; here they are copied.
    """
    few, (width, many) = len(mask), size
    wide = cv2.resize(mask.view(np.uint8), (width, few), interpolation=cv2.INTER_NEAREST)
    return np.asarray(wide[_nearest_rows(few, many)], np.uint8)


@lru_cache(maxsize=16)
def _nearest_rows(few: int, many: int) -> NDArray[np.intp]:
    """(many,) the row of few that OpenCV takes for each."""
    rows = np.arange(few, dtype=np.float32)[:, None]
    return cv2.resize(rows, (1, many), interpolation=cv2.INTER_NEAREST)[:, 0].astype(np.intp)
