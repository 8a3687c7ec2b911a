# SPDX-License-Identifier: Apache-2.0
"""Labels that hold still: a pixel's class changes when the new one has more to say for it.

The margin of a label over the second class gathers while frames agree, and is used up by those that
do not; where the picture changed nothing is held.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.temporal.motion import Warp
from tips_ros.perception.temporal.steady_depth import Steadied

_UNSURE = 64  # margin of labels that come without one
_LEAST = 4  # that any label says at least, of 255

Bytes = NDArray[np.uint8]


class SteadyLabels:
    """Holds the labels of one camera's stream still, beside its `SteadyDepth`."""

    def __init__(self) -> None:
        self._past: tuple[Bytes, Bytes] | None = None  # labels, and what they have gathered

    def reset(self) -> None:
        """The next frame begins anew."""
        self._past = None

    def update(self, labels: Bytes, confidence: Bytes | None, steadied: Steadied) -> Bytes:
        """The labels of the next frame.

        Args:
            labels: (H, W) ids.
            confidence: (H, W) margins, 0 to 255; None where there are none.
            steadied: what `SteadyDepth` made of the frame.
        """
        margin = np.full_like(labels, _UNSURE) if confidence is None else confidence
        past = self._past
        if past is None or past[0].shape != labels.shape or steadied.warp is None:
            self._past = labels, margin
            return labels
        assert steadied.same is not None
        size = labels.shape[1], labels.shape[0]
        before, gathered = _move(past, steadied.warp, size)
        seen = cv2.resize(steadied.same.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        same = cv2.compare(labels, before, cv2.CMP_EQ)
        left = cv2.subtract(gathered, cv2.max(margin, _LEAST))
        grown = cv2.addWeighted(gathered, 0.9, margin, 0.5, 0.0)
        gone = cv2.bitwise_or(cv2.compare(left, 0, cv2.CMP_EQ), cv2.compare(seen, 0, cv2.CMP_EQ))
        held, strength = before.copy(), left
        cv2.copyTo(grown, same, strength)
        switched = cv2.bitwise_and(gone, cv2.bitwise_not(same))
        cv2.copyTo(labels, switched, held)
        cv2.copyTo(margin, switched, strength)
        self._past = held, strength
        return np.asarray(held, np.uint8)


def _move(past: tuple[Bytes, Bytes], warp: Warp, size: tuple[int, int]) -> tuple[Bytes, Bytes]:
    """Labels and what they gathered as this frame sees them; nothing gathered out of view."""
    if warp.x is None or warp.y is None:
        return past
    height, width = warp.x.shape
    scale_x, scale_y = size[0] / width, size[1] / height
    x = cv2.resize((warp.x + 0.5) * np.float32(scale_x) - 0.5, size)
    y = cv2.resize((warp.y + 0.5) * np.float32(scale_y) - 0.5, size)
    x, y = cv2.convertMaps(x, y, cv2.CV_16SC2, nninterpolation=True)
    moved = (
        cv2.remap(one, x, y, cv2.INTER_NEAREST, None, cv2.BORDER_CONSTANT, nothing)
        for one, nothing in zip(past, (255, 0), strict=True)
    )
    labels, gathered = (np.asarray(one, np.uint8) for one in moved)
    return labels, gathered
