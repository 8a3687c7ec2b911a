# SPDX-License-Identifier: Apache-2.0
"""Depth that holds still: one factor a frame, or a mean over what stays, pixel by pixel.

A frame's depth is compared with what was said of the same points a frame ago. `scale` takes from it
the median of ln (then / now), and brings the frame as near to it as the time between them allows:
a constant e^(−dt / τ) below 1 anchors the past to the present, so nothing can drift. Where depth at
a pixel, that factor aside, agrees with the past, both have their share in a recursive mean. With
that mean frames are compared in either mode; `full` says it, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.temporal.glance import Glance, glance_at
from tips_ros.perception.temporal.motion import FlowWarper, Kind, Map, Warp, warp_by_pose

Mode: TypeAlias = Literal["off", "scale", "full"]
MODES: tuple[Mode, ...] = get_args(Mode)

_LONGEST_S = 1.0  # between two frames that are compared
# After which a frame's scale counts by a third.
_ANCHOR_S: dict[Kind, float] = {"standing": 0.3, "pose": 0.25, "flow": 0.25}
_STANDING_S, _MOVING_S = 1.0, 0.4  # of the mean
_LEAST_COMMON = 0.25  # of the pixels
# Of ln depth, at least: where a camera that stands sees no change, nothing came nearer.
_STANDING_GATE = 0.1
_JUMP = 0.5  # of ln depth: another scale, and no flicker
_NOISE = (0.01, 0.1)  # of ln depth, from frame to frame
_GREY = 10.0  # levels of brightness that nothing but a change explains


class Steadied(NamedTuple):
    """A frame that is held still.

    Attributes:
        frame: with its depth, and the deviation alike, held still.
        log_scale: ln of the factor that the frame as a whole was brought to the past by.
        kind: how the frames were laid over each other; None for a frame that begins anew.
        reset: why it begins anew; "" where it does not.
        warp: from this frame into the one before; None for a frame that begins anew.
        same: (h, w) where the picture says that this frame and the one before saw the same thing,
            at the warp's size.
    """

    frame: PosedFrame
    log_scale: float = 0.0
    kind: Kind | None = None
    reset: str = ""
    warp: Warp | None = None
    same: NDArray[np.bool_] | None = None


class _Past(NamedTuple):
    glance: Glance
    log_depth: Map  # the mean of what was said, (h, w)
    frames: Map  # how many have a share in it


class SteadyDepth:
    """Holds the depth of one camera's stream still, frame by frame. Not for several threads."""

    def __init__(self, mode: Mode) -> None:
        """`mode` is scale or full."""
        self.mode = mode
        self._past: _Past | None = None
        self._why_anew = "first frame"
        self._flow = FlowWarper()

    def reset(self, why: str) -> None:
        """The next frame begins anew."""
        self._past, self._why_anew = None, why

    def update(self, frame: PosedFrame, rgb: NDArray[np.uint8]) -> Steadied:
        """The next frame.

        Args:
            frame: with depth in metres; its pose decides where it is known.
            rgb: its image, of any size.
        """
        now = glance_at(frame, rgb)
        why = self._must_begin(now)
        if why:
            return self._begin(frame, now, why)
        assert self._past is not None
        past = self._past
        warp = warp_by_pose(now, past.glance)
        if warp is None:
            warp = self._flow.warp(now, past.glance)
        seen_before: Map = warp.sample_map(past.log_depth, np.nan)
        before = seen_before - np.float32(warp.log_ratio)
        same = self._unchanged_mask(now, past, warp)
        off: Map = before - now.log_depth
        usable = same & np.isfinite(off)
        if np.count_nonzero(usable) < _LEAST_COMMON * usable.size:
            return self._begin(frame, now, "cut")
        median, noise = _centre(off[usable])
        if abs(median) > _JUMP:
            return self._begin(frame, now, "another scale")
        passed_s = (now.stamp_ns - past.glance.stamp_ns) / 1e9
        log_scale = median * float(np.exp(-passed_s / _ANCHOR_S[warp.kind]))
        said = now.log_depth + np.float32(log_scale)
        # Of the shape alone: what the frame as a whole is off by has been dealt with.
        off -= np.float32(median)
        gate = max(3.0 * noise, _STANDING_GATE if warp.kind == "standing" else 0.0)
        stays = usable & (np.abs(off) < gate)
        length_s = _STANDING_S if warp.kind == "standing" else _MOVING_S
        count = np.where(stays, warp.sample_map(past.frames, 0.0), 0.0).astype(np.float32)
        count = np.minimum(count, np.float32(length_s / passed_s)) + np.float32(1.0)
        share = np.where(stays, 1.0 - 1.0 / count, 0.0).astype(np.float32)
        fused: Map = said + share * np.nan_to_num(off)
        self._past = _Past(now, fused, count)
        factor: Map | float = float(np.exp(log_scale))
        if self.mode == "full":
            factor = np.exp(np.nan_to_num(fused - now.log_depth, nan=log_scale))
        return Steadied(_scale_frame(frame, factor), log_scale, warp.kind, warp=warp, same=usable)

    def _must_begin(self, now: Glance) -> str:
        """The reason why a frame has nothing to be compared with; "" where there is."""
        past = self._past
        if past is None:
            return self._why_anew
        before = past.glance
        passed_s = (now.stamp_ns - before.stamp_ns) / 1e9
        if passed_s <= 0.0:
            return "time went back" if passed_s < 0 else "same stamp"
        if passed_s > _LONGEST_S:
            return "pause"
        if now.size != before.size or now.lens != before.lens:
            return "another lens"
        return ""

    def _begin(self, frame: PosedFrame, now: Glance, why: str) -> Steadied:
        self._past = _Past(now, now.log_depth, np.ones_like(now.log_depth))
        return Steadied(frame, reset=why)

    def _unchanged_mask(self, now: Glance, past: _Past, warp: Warp) -> NDArray[np.bool_]:
        """A mask of where the picture is what it was, but for its noise and its exposure."""
        there = warp.sample_map(past.glance.grey, 0.0)
        brighter = cv2.subtract(now.grey, there, dtype=cv2.CV_32F)
        middle = float(np.median(brighter[::3, ::3]))
        spread = 1.48 * float(np.median(np.abs(brighter[::3, ::3] - middle)))
        changed = np.abs(brighter - middle) > max(_GREY, min(4.0 * spread, 2.0 * _GREY))
        # What the network says beside a change has changed, too.
        changed = cv2.dilate(changed.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        return ~changed


def _centre(off: Map) -> tuple[float, float]:
    """Median of ln ratios, and how far they scatter from frame to frame."""
    few = off[:: max(1, len(off) // 4000)]
    median = float(np.median(few))
    noise = 1.48 * float(np.median(np.abs(few - median)))
    return median, float(np.clip(noise, *_NOISE))


def _scale_frame(frame: PosedFrame, factor: Map | float) -> PosedFrame:
    """The frame with its depth and deviation multiplied; a field is for (h, w) of it."""
    assert frame.depth_m is not None
    if not isinstance(factor, float):
        size = frame.depth_m.shape[::-1]
        factor = cv2.resize(factor, (int(size[0]), int(size[1])), interpolation=cv2.INTER_LINEAR)
    by = np.float32(factor) if isinstance(factor, float) else factor
    stddev_m = None if frame.stddev_m is None else frame.stddev_m * by
    return replace(frame, depth_m=frame.depth_m * by, stddev_m=stddev_m)
