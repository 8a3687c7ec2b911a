# SPDX-License-Identifier: Apache-2.0
"""Warps: each pixel's place in the frame before, and its depth if it did not move."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.temporal.alignment import Alignment, Velocity, motion_rows
from tips_ros.perception.temporal.dense_flow import FlowBetween
from tips_ros.perception.temporal.glance import Glance
from tips_ros.perception.temporal.median import median_of

Map: TypeAlias = NDArray[np.float32]
Kind: TypeAlias = Literal["standing", "pose", "flow"]

_STANDS_M, _STANDS_RAD = 0.002, np.radians(0.05)  # of tf between two frames
_STANDS_PX = 0.3  # of flow, in pixels of the frame
_MAY_STAND_PX = 2.0  # what somebody who walks by makes of the motion of a camera that stands
_MOST_LEVELS = 30  # of brightness that one pixel can say against a motion
_READING_SMOOTHS = 1.3  # a noisy picture that is read between its pixels is less noisy: √1.6
_FAR_BETTER = 0.85  # where somebody close by makes more of it: how much better standing explains
_ROUNDS = 4
_PLACES = 4  # every n-th pixel along each axis is asked for the motion
_FEW = (slice(None, None, 3), slice(None, None, 3))  # will do for a median


class Warp(NamedTuple):
    """Mapping of a frame into the one before.

    Attributes:
        kind: how it was found.
        x, y: (h, w) pixels in the frame before; None where the camera stands.
        log_ratio: (h, w) ln (depth there / depth here) of a point that does not move; 0 where the
            camera stands.
    """

    kind: Kind
    x: Map | None = None
    y: Map | None = None
    log_ratio: Map | float = 0.0

    def sample_map(self, before: NDArray[Any], nothing: float) -> NDArray[Any]:
        """A map of the frame before as this one sees it, `nothing` where it was out of view."""
        if self.x is None or self.y is None:
            return before
        linear = cv2.INTER_LINEAR
        return cv2.remap(before, self.x, self.y, linear, None, cv2.BORDER_CONSTANT, nothing)


def warp_by_pose(now: Glance, before: Glance, fit_length: bool = False) -> Warp | None:
    """Warp by both frames' poses; None where one is unknown, or they are of different worlds.

    With `fit_length` the way between them is told in the metres of this frame's depth, as far as
    the picture knows: where depth is too large, a step of its true length would be too short.
    """
    if now.world_from_camera is None or before.world_from_camera is None:
        return None
    if now.world_id != before.world_id or not now.lens_known:
        return None
    motion = np.linalg.inv(before.world_from_camera) @ now.world_from_camera
    angle = np.arccos(np.clip((np.trace(motion[:3, :3]) - 1) / 2, -1, 1))
    if np.linalg.norm(motion[:3, 3]) < _STANDS_M and angle < _STANDS_RAD:
        return Warp("standing")
    if fit_length:
        velocity = np.concatenate([motion[:3, 3], cv2.Rodrigues(motion[:3, :3])[0][:, 0]])
        motion = _moved_by(Alignment(now, before).fit_length(velocity))
    return _by_motion(now, motion, "pose")


def _by_motion(now: Glance, motion: NDArray[np.float64], kind: Kind) -> Warp:
    """Warp by this frame's depth and the place of its camera in the frame before, (4, 4)."""
    ray_x, ray_y = np.moveaxis(now.lens.rays(), -1, 0)
    if now.lens.is_pinhole:
        ray_x, ray_y = ray_x[:1], ray_y[:, :1]
    depth = np.exp(now.log_depth)
    r, t = motion[:3, :3].astype(np.float32), motion[:3, 3].astype(np.float32)
    x, y, z = (r[i, 0] * ray_x + r[i, 1] * ray_y for i in range(3))
    for i, along in enumerate((x, y, z)):
        along += r[i, 2]
        along *= depth
        along += t[i]
    z[z <= 0] = np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        if now.lens.is_pinhole:
            k = now.lens.intrinsics
            u, v = np.float32(k.fx) * x / z + np.float32(k.cx), np.float32(k.fy) * y / z
            v += np.float32(k.cy)
        else:
            points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
            u, v = (now.lens.project(points).astype(np.float32).reshape(*z.shape, 2)).transpose(
                2, 0, 1
            )
        ratio = np.log(z) - now.log_depth
    u, v = np.ascontiguousarray(u), np.ascontiguousarray(v)
    for out_of_view in (u, v):
        cv2.patchNaNs(out_of_view, -1e4)
    return Warp(kind, u, v, ratio)


class FlowWarper:
    """Warps by the camera's motion that explains dense optical flow; goes on from the one before.

    One for each stream: it keeps what OpenCV needs.
    """

    def __init__(self) -> None:
        self._solver = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._last: tuple[int, Velocity] | None = None  # stamp, and motion a second until then

    def flow(self, now: Glance, before: Glance) -> FlowBetween:
        """The flow between two frames of one size; none is looked for yet."""
        return FlowBetween(self._solver, now.grey, before.grey)

    def warp(self, now: Glance, before: Glance, flow: FlowBetween) -> Warp:
        """Warps two frames of one size, with the flow between them.

        Flow itself wavers where there is little to see, and follows what moves by itself: it is
        asked for six numbers alone, which the picture then betters (`Alignment`). It goes on from
        the motion before, too. Whether a pixel's brightness is then what it was is asked by who
        uses the warp.
        """
        there = flow.field
        to_frame = now.size[1] / now.grey.shape[1]
        if _typical(*cv2.split(there[_FEW])) * to_frame < _STANDS_PX:
            return Warp("standing")
        velocity = rigid_motion(there, now.log_depth, now.lens)
        if velocity is None:
            return Warp("standing")
        last, self._last = self._last, None
        went = last is not None and last[0] == before.stamp_ns
        # Of a camera that stood until now flow's motion is asked whether it goes: a better one may
        # take somebody who walks by for the room, seen by a camera that goes sideways and turns.
        if not went:
            warp = _by_motion(now, _moved_by(velocity), "flow")
            if self._stands(now, before, warp):
                return Warp("standing")
        passed_s = (now.stamp_ns - before.stamp_ns) / 1e9
        guesses = [velocity]
        if last is not None and went:
            guesses.append(last[1] * passed_s)
        velocity = Alignment(now, before).best_motion(guesses)
        warp = _by_motion(now, _moved_by(velocity), "flow")
        if self._stands(now, before, warp):
            return Warp("standing")
        self._last = now.stamp_ns, velocity / passed_s
        return warp

    @staticmethod
    def _stands(now: Glance, before: Glance, warp: Warp) -> bool:
        moved_px = _typical_move(warp) * now.size[1] / now.grey.shape[1]
        worse = _READING_SMOOTHS if moved_px < _MAY_STAND_PX else _FAR_BETTER
        return moved_px < _STANDS_PX or _compare_unmoved(now, before, warp) <= worse


def warp_each_pixel(flow: FlowBetween) -> Warp:
    """Warp by the flow itself, which follows what moves by itself."""
    there = flow.field
    h, w = there.shape[:2]
    columns, rows = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)[:, None]
    return Warp("flow", there[..., 0] + columns, there[..., 1] + rows)


def _moved_by(velocity: Velocity) -> NDArray[np.float64]:
    motion = np.eye(4)
    motion[:3, :3] = cv2.Rodrigues(velocity[3:])[0]
    motion[:3, 3] = velocity[:3]
    return motion


def _typical_move(warp: Warp) -> float:
    assert warp.x is not None and warp.y is not None
    h, w = warp.x.shape
    columns, rows = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)[:, None]
    return _typical(warp.x[_FEW] - columns[::3], warp.y[_FEW] - rows[::3])


def _typical(x: Map, y: Map) -> float:
    return float(median_of(np.maximum(np.abs(x), np.abs(y))))


def _compare_unmoved(now: Glance, before: Glance, warp: Warp) -> float:
    """The change of the picture if nothing moved, divided by what that motion leaves of it."""
    unmoved, moved = (
        float(np.minimum(cv2.absdiff(now.grey, there)[_FEW], _MOST_LEVELS).mean())
        for there in (before.grey, warp.sample_map(before.grey, 0.0))
    )
    return unmoved / max(moved, 1e-6)


def rigid_motion(flow: Map, log_depth: Map, lens: Lens) -> NDArray[np.float64] | None:
    """The camera's small motion between two frames, by flow and depth.

    Least squares, reweighted from a fixed start: what moves by itself has less and less to say.

    Args:
        flow: (h, w, 2) pixels, from this frame to the one before.
        log_depth: (h, w) ln metres.
        lens: at this size.

    Returns:
        (6,) t in metres and ω in radians; None where too little is known.
    """
    few = (slice(None, None, _PLACES), slice(None, None, _PLACES))
    rays, inverse = lens.rays()[few], np.exp(-log_depth[few])
    known = np.isfinite(inverse) & np.isfinite(rays).all(axis=-1)
    if np.count_nonzero(known) < 60:
        return None
    inverse = inverse[known].astype(np.float64)
    rows = motion_rows(rays[known].T.astype(float), inverse, lens).reshape(6, -1)
    observed = flow[few][known].astype(np.float64).T.ravel()
    weighted = rows
    for remaining in reversed(range(_ROUNDS)):
        normal = weighted @ rows.T + 1e-6 * np.eye(6) * lens.intrinsics.fx**2
        velocity: Velocity = np.asarray(np.linalg.solve(normal, weighted @ observed))
        if remaining:
            off = observed - velocity @ rows
            spread = max(1.48 * float(median_of(np.abs(off))), 0.05)
            weighted = rows / (1.0 + (off / (2.0 * spread)) ** 2)
    return velocity
