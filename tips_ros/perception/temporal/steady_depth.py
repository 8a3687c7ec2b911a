# SPDX-License-Identifier: Apache-2.0
"""Depth that holds still: one factor a frame, or a mean over what stays, pixel by pixel.

A frame's depth is compared with what was said of the same points a frame ago. `scale` takes from it
the median of ln (then / now), and brings the frame as near to it as the time between them allows:
a constant e^(−dt / τ) below 1 anchors the past to the present, so nothing can drift. Where depth at
a pixel, that factor aside, agrees with the past, both have their share in a recursive mean. With
that mean frames are compared in either mode; `full` says it, too.

A camera that stands knows more. Where a pixel's own colour did not change nothing did, whatever
the network says for a moment because somebody walks by: the mean goes on until depth has disagreed
for a while, or by far. What somebody hides is remembered (`behind`), and goes on when it is seen
again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.posed_frame import PosedFrame
from tips_ros.perception.temporal.behind import Behind, is_new
from tips_ros.perception.temporal.change import Change, change_between
from tips_ros.perception.temporal.dense_flow import FlowBetween
from tips_ros.perception.temporal.glance import Glance, glance_at
from tips_ros.perception.temporal.median import median_of
from tips_ros.perception.temporal.motion import FlowWarper, Kind, Map, Warp, warp_by_pose

Mode: TypeAlias = Literal["off", "scale", "full"]
MODES: tuple[Mode, ...] = get_args(Mode)

_LONGEST_S = 1.0  # between two frames that are compared
# After which a frame's scale counts by a third.
_ANCHOR_S: dict[Kind, float] = {"standing": 0.3, "pose": 0.25, "flow": 0.25}
_STANDING_S, _MOVING_S = 0.6, 0.4  # of the mean
_LEAST_COMMON = 0.25  # of the pixels
# Of ln depth, where a camera that stands sees no change: always let pass; let pass until it adds up
# to so much, times seconds; never let pass.
_STANDING_GATE, _STANDING_DOUBT, _STANDING_MOST = 0.1, 0.05, 0.5
_DOUBT_LEFT = 0.8  # of it, after a frame that agrees
_JUMP = 0.5  # of ln depth: another scale, and no flicker
_NOISE = (0.01, 0.1)  # of ln depth, from frame to frame


class Steadied(NamedTuple):
    """A frame that is held still.

    Attributes:
        frame: with its depth, and the deviation alike, held still.
        glance: what the next frame is compared with.
        log_scale: ln of the factor that the frame as a whole was brought to the past by.
        kind: how the frames were laid over each other; None for a frame that begins anew.
        reset: why it begins anew; "" where it does not.
        warp: from this frame into the one before; None for a frame that begins anew.
        same: (h, w) where the picture says that this frame and the one before saw the same thing,
            or what was behind it, at the warp's size.
        again: (h, w) where a camera that stands sees what was hidden in the frame before; None
            where it does not stand.
        hidden: (h, w) where it is hidden now what the frame before saw; None alike.
        flow: from this frame to the one before; None for a frame that begins anew.
    """

    frame: PosedFrame
    glance: Glance
    log_scale: float = 0.0
    kind: Kind | None = None
    reset: str = ""
    warp: Warp | None = None
    same: NDArray[np.bool_] | None = None
    again: NDArray[np.bool_] | None = None
    hidden: NDArray[np.bool_] | None = None
    flow: FlowBetween | None = None


class _Past(NamedTuple):
    glance: Glance
    log_depth: Map  # the mean of what was said, (h, w)
    frames: Map  # how many have a share in it
    doubt: Map  # of a camera that stands: disagreement times seconds
    behind: Behind | None = None  # of a camera that stands


class _Offer(NamedTuple):
    """Past that each pixel's mean may go on with."""

    off: Map  # ln (then / now), the frame's factor taken off
    frames: Map
    doubt: Map
    stays: NDArray[np.bool_]  # where it is taken
    same: NDArray[np.bool_]  # where the picture would have it
    again: NDArray[np.bool_] | None = None


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
        if why := self._must_begin(now):
            return self._begin(frame, now, why)
        assert self._past is not None
        past = self._past
        posed = warp_by_pose(now, past.glance, fit_length=True)
        flow = self._flow.flow(now, past.glance)
        warp = posed or self._flow.warp(now, past.glance, flow)
        before: Map = warp.sample_map(past.log_depth, np.nan) - np.float32(warp.log_ratio)
        change = change_between(now, past.glance, warp)
        off: Map = before - now.log_depth
        usable = ~change.around & np.isfinite(off)
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
        if warp.kind == "standing":
            behind = past.behind or Behind.nothing(off.shape)
            behind = behind.brighten(change.levels)
            offer = _of_standing(now, past, off, behind, change, median, noise, passed_s)
            length_s = _STANDING_S
        else:
            frames, agrees = warp.sample_map(past.frames, 0.0), np.abs(off) < 3.0 * noise
            offer = _Offer(off, frames, np.zeros_like(off), usable & agrees, usable)
            length_s = _MOVING_S
        # By products: a choice pixel by pixel takes three times as long.
        stays = offer.stays.astype(np.float32)
        count = np.minimum(offer.frames * stays, np.float32(length_s / passed_s))
        count += np.float32(1.0)
        share = (np.float32(1.0) - np.float32(1.0) / count) * stays
        fused: Map = said + share * cv2.patchNaNs(offer.off, 0.0)
        hidden = None
        if offer.again is None:
            self._past = _Past(now, fused, count, offer.doubt)
        else:
            color = past.glance.color + np.float32(change.levels)
            behind, hidden = behind.keep(
                ~offer.stays | offer.again, color, past.log_depth, past.frames
            )
            # In the scale that this frame is told in.
            behind = behind.rescale(log_scale - median)
            self._past = _Past(now, fused, count, offer.doubt, behind)
        factor: Map | float = float(np.exp(log_scale))
        against: Map | None = None
        if self.mode == "full":
            factor = np.exp(cv2.patchNaNs(fused - now.log_depth, log_scale))
            if warp.kind == "standing" and frame.stddev_m is not None:
                against = np.abs(cv2.patchNaNs(fused - said, 0.0))
                against[offer.doubt == 0.0] = 0.0
        return Steadied(
            _scale_frame(frame, factor, against), now, log_scale, warp.kind, "", warp,
            offer.same, offer.again, hidden, flow,
        )  # fmt: skip

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
        nothing = np.zeros_like(now.log_depth)
        self._past = _Past(now, now.log_depth, nothing + np.float32(1.0), nothing)
        return Steadied(frame, now, reset=why)


def _of_standing(
    now: Glance,
    past: _Past,
    off: Map,
    behind: Behind,
    change: Change,
    median: float,
    noise: float,
    passed_s: float,
) -> _Offer:
    """The past of a camera that stands: what a pixel saw, or what had been behind that."""
    off_behind = behind.log_depth - now.log_depth - np.float32(median)
    again = behind.looks_alike(now) & (np.abs(off_behind) < _STANDING_MOST)
    again &= change.pixels | is_new(past.frames)
    off = np.where(again, off_behind, off)
    frames = np.where(again, behind.frames, past.frames)
    same = (~change.pixels | again) & np.isfinite(off)
    amount = np.abs(off)
    agrees = amount < max(3.0 * noise, _STANDING_GATE)
    doubt = np.where(again, np.float32(0.0), past.doubt)
    doubt = np.where(
        agrees, doubt * np.float32(_DOUBT_LEFT), doubt + amount * np.float32(passed_s)
    )
    stays = same & (agrees | ((amount < _STANDING_MOST) & (doubt < _STANDING_DOUBT)))
    return _Offer(off, frames, np.where(stays, doubt, np.float32(0.0)), stays, same, again)


def _centre(off: Map) -> tuple[float, float]:
    """Median of ln ratios, and how far they scatter from frame to frame."""
    few = off[:: max(1, len(off) // 4000)]
    median = float(median_of(few))
    noise = 1.48 * float(median_of(np.abs(few - median)))
    least, most = _NOISE
    return median, min(max(noise, least), most)


def _scale_frame(frame: PosedFrame, factor: Map | float, against: Map | None) -> PosedFrame:
    """The frame with its depth and deviation multiplied.

    Args:
        frame: with depth.
        factor: for all, or (h, w).
        against: (h, w) of ln depth, by which it is told otherwise than seen: depth may be wrong by
            that, too, where the past is held against what the network says now.
    """
    assert frame.depth_m is not None
    height, width = frame.depth_m.shape

    def enlarge(field: Map) -> Map:
        large: Map = cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)
        return large

    by = np.float32(factor) if isinstance(factor, float) else enlarge(factor)
    depth_m = frame.depth_m * by
    stddev_m = None if frame.stddev_m is None else frame.stddev_m * by
    if stddev_m is not None and against is not None and against.any():
        with np.errstate(invalid="ignore"):  # depth that is no distance has no deviation
            stddev_m = np.hypot(stddev_m, depth_m * enlarge(against))
    return replace(frame, depth_m=depth_m, stddev_m=stddev_m)
