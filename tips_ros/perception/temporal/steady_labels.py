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

from tips_ros.perception.temporal.mask import enlarge_mask
from tips_ros.perception.temporal.motion import Map, Warp, warp_each_pixel
from tips_ros.perception.temporal.steady_depth import Steadied

_UNSURE = 64  # margin of labels that come without one
_LEAST = 4  # that any label says at least, of 255
_ALIKE = 12  # levels of brightness at most, between a place and where flow leads to
_WORTH = 0.005  # of the pixels: if fewer changed, flow is not asked
_VOTE = 0.35  # of the margin: so much can gather for what a few frames are sure of to be outlived

Bytes = NDArray[np.uint8]
_Gathered = tuple[Bytes, Bytes]  # (H, W) labels, and the margin that they have gathered
_OUT_OF_VIEW = int(np.array((255, 0), np.uint8).view(np.uint16)[0])  # of both


class SteadyLabels:
    """Holds the labels of one camera's stream still, beside its `SteadyDepth`."""

    def __init__(self) -> None:
        # Labels, and what they have gathered: of the frame before, and of what it hid.
        self._past: _Gathered | None = None
        self._behind: _Gathered | None = None
        # Written again for each frame: new memory of that size takes as long as what fills it.
        self._buffers: list[Map] = []

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
        same_small, follow = steadied.same, None
        if np.count_nonzero(~same_small) > _WORTH * same_small.size:
            flow, alike = _follow(steadied)
            same_small, follow = same_small | alike, (flow, enlarge_mask(alike, size))
        before, gathered = self._as_seen_now(past, steadied, follow)
        seen = enlarge_mask(same_small, size)
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

    def _as_seen_now(
        self, past: _Gathered, steadied: Steadied, follow: tuple[Warp, Bytes] | None
    ) -> _Gathered:
        """Labels of the frame before and what they gathered, where this one sees them.

        Args:
            past: of the frame before.
            steadied: the frame.
            follow: what leads to the pixels that are followed each by itself, and (H, W) which.
        """
        size = past[0].shape[1], past[0].shape[0]
        assert steadied.warp is not None
        places = self._places_of(steadied.warp, size, 0)
        apart = None if follow is None else self._places_of(follow[0], size, 2)
        if places is None:
            found = self._uncover(past, steadied)
            if follow is not None and apart is not None:
                for moved, field in zip(_read_at(past, apart), found, strict=True):
                    cv2.copyTo(moved, follow[1], field)
            return found
        self._behind = None
        if follow is not None and apart is not None:
            for by_flow, place in zip(apart, places, strict=True):
                cv2.copyTo(by_flow, follow[1], place)
        return _read_at(past, places)

    def _places_of(self, warp: Warp, size: tuple[int, int], first: int) -> list[Map] | None:
        """Pixels x and y of the frame before, (H, W) each; None where the camera stands.

        Written to the buffer that is named and the one behind it.
        """
        if warp.x is None or warp.y is None:
            return None
        if not self._buffers or self._buffers[0].shape != size[::-1]:
            self._buffers = [np.empty(size[::-1], np.float32) for _ in range(4)]
        places = self._buffers[first : first + 2]
        asked = zip(places, (warp.x, warp.y), size, warp.x.shape[::-1], strict=True)
        for into, of, large, small in asked:
            cv2.resize((of + 0.5) * np.float32(large / small) - 0.5, size, into)
        return places

    def _uncover(self, past: _Gathered, steadied: Steadied) -> _Gathered:
        """Labels of the frame before, and where what it hid is seen again those of that.

        Remembers what is hidden now.
        """
        assert steadied.again is not None and steadied.hidden is not None
        size = past[0].shape[1], past[0].shape[0]
        behind = self._behind or (np.zeros_like(past[0]), np.zeros_like(past[0]))
        again, hidden = (enlarge_mask(mask, size) for mask in (steadied.again, steadied.hidden))
        found = past[0].copy(), past[1].copy()
        for one, was, kept in zip(found, past, behind, strict=True):
            cv2.copyTo(kept, again, one)
            cv2.copyTo(was, hidden, kept)
        self._behind = behind
        return found


def _follow(steadied: Steadied) -> tuple[Warp, NDArray[np.bool_]]:
    """Optical flow, and (h, w) where it leads to what moves by itself, or depth places wrongly."""
    assert steadied.same is not None and steadied.flow is not None
    flow = warp_each_pixel(steadied.flow)
    off = cv2.absdiff(steadied.glance.grey, flow.sample_map(steadied.flow.before, 0.0))
    return flow, np.asarray(~steadied.same & (off < _ALIKE), np.bool_)


def _read_at(past: _Gathered, places: list[Map]) -> _Gathered:
    """Labels and what they gathered at places of the frame before; nothing out of view.

    Both at once, as one number of two bytes: OpenCV takes as long for it as for one of them.
    """
    packed = cv2.merge(past).view(np.uint16)[..., 0]
    nearest, outside = cv2.INTER_NEAREST, cv2.BORDER_CONSTANT
    moved = cv2.remap(packed, *places, nearest, None, outside, _OUT_OF_VIEW)
    labels, gathered = cv2.split(moved[..., None].view(np.uint8))
    return np.asarray(labels, np.uint8), np.asarray(gathered, np.uint8)
