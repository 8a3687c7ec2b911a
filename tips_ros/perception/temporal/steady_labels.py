# SPDX-License-Identifier: Apache-2.0
"""Labels that hold still: a pixel's class changes when the new one has more to say for it.

The margin of a label over the second class gathers while frames agree, and is used up by those that
do not. Where the picture is not what the camera's own motion makes of the one before, the place
that optical flow leads to is asked; nothing is held where that looks otherwise, too. What somebody
hides from a camera that stands is called what it was called when it is seen again.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.temporal.motion import Map, Warp, warp_each_pixel
from tips_ros.perception.temporal.steady_depth import Steadied

_UNSURE = 64  # margin of labels that come without one
_LEAST = 4  # that any label says at least, of 255
_ALIKE = 12  # levels of brightness at most, between a place and where flow leads to
_WORTH = 0.005  # of the pixels: if fewer changed, flow is not asked
_VOTE = 0.35  # of the margin: so much can gather for what a few frames are sure of to be outlived

Bytes = NDArray[np.uint8]


class SteadyLabels:
    """Holds the labels of one camera's stream still, beside its `SteadyDepth`."""

    def __init__(self) -> None:
        # Labels, and what they have gathered: of the frame before, and of what it hid.
        self._past: tuple[Bytes, Bytes] | None = None
        self._behind: tuple[Bytes, Bytes] | None = None
        # Written again for each frame: new memory of that size takes as long as what fills it.
        self._places: list[Map] = []

    def reset(self) -> None:
        """The next frame begins anew."""
        self._past = self._behind = None

    def update(self, labels: Bytes, confidence: Bytes | None, steadied: Steadied) -> Bytes:
        """The labels of the next frame.

        Args:
            labels: (H, W) ids.
            confidence: (H, W) margins, 0 to 255; None where there are none.
            steadied: what `SteadyDepth` made of the frame.
        """
        margin = np.full_like(labels, _UNSURE) if confidence is None else confidence
        margin = np.asarray(cv2.max(cv2.convertScaleAbs(margin, None, _VOTE), _LEAST), np.uint8)
        past = self._past
        if past is None or past[0].shape != labels.shape or steadied.warp is None:
            self._past, self._behind = (labels, margin), None
            return labels
        assert steadied.same is not None
        size = labels.shape[1], labels.shape[0]
        before, gathered = self._move(past, steadied.warp, size)
        before, gathered = self._uncover(before, gathered, steadied)
        seen = _enlarge(steadied.same, size)
        changed = np.count_nonzero(~steadied.same)
        if changed > _WORTH * steadied.same.size:
            self._follow(steadied, past, (before, gathered, seen))
        same = cv2.compare(labels, before, cv2.CMP_EQ)
        left = cv2.subtract(gathered, margin)
        grown = cv2.addWeighted(gathered, 0.9, margin, 0.5, 0.0)
        gone = cv2.bitwise_or(cv2.compare(left, 0, cv2.CMP_EQ), cv2.compare(seen, 0, cv2.CMP_EQ))
        held, strength = before.copy(), left
        cv2.copyTo(grown, same, strength)
        switched = cv2.bitwise_and(gone, cv2.bitwise_not(same))
        cv2.copyTo(labels, switched, held)
        cv2.copyTo(margin, switched, strength)
        self._past = held, strength
        return np.asarray(held, np.uint8)

    def _move(
        self, past: tuple[Bytes, Bytes], warp: Warp, size: tuple[int, int]
    ) -> tuple[Bytes, Bytes]:
        """Labels and what they gathered as this frame sees them; nothing gathered out of view."""
        if warp.x is None or warp.y is None:
            return past
        if not self._places or self._places[0].shape != size[::-1]:
            self._places = [np.empty(size[::-1], np.float32) for _ in range(2)]
        asked = zip(self._places, (warp.x, warp.y), size, warp.x.shape[::-1], strict=True)
        for places, of, large, small in asked:
            cv2.resize((of + 0.5) * np.float32(large / small) - 0.5, size, places)
        moved = (
            cv2.remap(one, *self._places, cv2.INTER_NEAREST, None, cv2.BORDER_CONSTANT, nothing)
            for one, nothing in zip(past, (255, 0), strict=True)
        )
        labels, gathered = (np.asarray(one, np.uint8) for one in moved)
        return labels, gathered

    def _follow(
        self,
        steadied: Steadied,
        past: tuple[Bytes, Bytes],
        into: tuple[Bytes, Bytes, Bytes],
    ) -> None:
        """Fills in what moves by itself, or stands elsewhere than depth says, by optical flow.

        Args:
            steadied: the frame.
            past: labels of the frame before, and what they gathered.
            into: (H, W) the same for the frame, and where they are known: changed in place.
        """
        assert steadied.same is not None and steadied.flow is not None
        labels, flow = into[0], warp_each_pixel(steadied.flow)
        off = cv2.absdiff(steadied.glance.grey, flow.sample_map(steadied.flow.before, 0.0))
        size = labels.shape[1], labels.shape[0]
        alike = _enlarge(~steadied.same & (off < _ALIKE), size)
        moved = self._move(past, flow, size)
        for one, field in zip((*moved, alike), into, strict=True):
            cv2.copyTo(one, alike, field)

    def _uncover(
        self, labels: Bytes, gathered: Bytes, steadied: Steadied
    ) -> tuple[Bytes, Bytes]:
        """Labels of the frame before, and where what it hid is seen again those of that.

        Remembers what is hidden now.
        """
        if steadied.again is None or steadied.hidden is None:
            self._behind = None
            return labels, gathered
        size = labels.shape[1], labels.shape[0]
        behind = self._behind or (np.zeros_like(labels), np.zeros_like(labels))
        again, hidden = (_enlarge(mask, size) for mask in (steadied.again, steadied.hidden))
        found = labels.copy(), gathered.copy()
        for one, was, kept in zip(found, (labels, gathered), behind, strict=True):
            cv2.copyTo(kept, again, one)
            cv2.copyTo(was, hidden, kept)
        self._behind = behind
        return found


def _enlarge(mask: NDArray[np.bool_], size: tuple[int, int]) -> Bytes:
    """(H, W) 0 and 1, for a `size` of (W, H)."""
    large = cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(large, np.uint8)
