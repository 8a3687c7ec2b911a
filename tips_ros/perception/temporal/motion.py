# SPDX-License-Identifier: Apache-2.0
"""Warps: each pixel's place in the frame before, and its depth if it did not move."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.temporal.glance import Glance

Map: TypeAlias = NDArray[np.float32]
Kind: TypeAlias = Literal["standing", "pose", "flow"]

_STANDS_M, _STANDS_RAD = 0.002, np.radians(0.05)  # of tf between two frames
_STANDS_PX = 0.3  # of flow, in pixels of the frame
_ROUNDS = 4
_PLACES = 3  # every n-th pixel along each axis is asked for the motion


class Warp(NamedTuple):
    """From a frame into the one before.

    Attributes:
        kind: how it was found.
        x, y: (h, w) pixels in the frame before; None where the camera stands.
        log_ratio: (h, w) ln (depth there / depth here) of a point that does not move; 0 where the
            camera stands.
        agrees: (h, w) where the flow there leads back; None for all.
    """

    kind: Kind
    x: Map | None = None
    y: Map | None = None
    log_ratio: Map | float = 0.0
    agrees: NDArray[np.bool_] | None = None

    def sample_map(self, before: NDArray[Any], nothing: float) -> NDArray[Any]:
        """A map of the frame before as this one sees it, `nothing` where it was out of view."""
        if self.x is None or self.y is None:
            return before
        linear = cv2.INTER_LINEAR
        return cv2.remap(before, self.x, self.y, linear, None, cv2.BORDER_CONSTANT, nothing)


def warp_by_pose(now: Glance, before: Glance) -> Warp | None:
    """By both frames' poses; None where they are not known, or in different worlds."""
    if now.world_from_camera is None or before.world_from_camera is None:
        return None
    if now.world_id != before.world_id or not now.lens_known:
        return None
    motion = np.linalg.inv(before.world_from_camera) @ now.world_from_camera
    angle = np.arccos(np.clip((np.trace(motion[:3, :3]) - 1) / 2, -1, 1))
    if np.linalg.norm(motion[:3, 3]) < _STANDS_M and angle < _STANDS_RAD:
        return Warp("standing")
    rays = now.lens.rays()
    ray_x, ray_y = rays[..., 0], rays[..., 1]
    depth = np.exp(now.log_depth)
    r, t = motion[:3, :3].astype(np.float32), motion[:3, 3].astype(np.float32)
    x, y, z = (depth * (r[i, 0] * ray_x + r[i, 1] * ray_y + r[i, 2]) + t[i] for i in range(3))
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(z > 0, z, np.nan)
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
    u, v = (np.nan_to_num(np.ascontiguousarray(m), nan=-1e4) for m in (u, v))
    return Warp("pose", u, v, ratio)


class FlowWarper:
    """By dense optical flow, both ways; keeps what OpenCV needs between frames."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)

    def warp(self, now: Glance, before: Glance, checked: bool) -> Warp:
        """Warps two frames of one size; `checked` is whether the flow must lead back, too."""
        there: Map = self._flow.calc(now.grey, before.grey, None)
        h, w = now.grey.shape
        typical = float(np.median(np.abs(there[::3, ::3]).max(axis=-1)))
        if typical * now.size[1] / w < _STANDS_PX:
            return Warp("standing")
        columns, rows = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)[:, None]
        x, y = there[..., 0] + columns, there[..., 1] + rows
        if not checked:
            everywhere = np.ones(now.grey.shape, np.bool_)
            return Warp("flow", x, y, _rigid(there, everywhere, now)[0])
        back: Map = self._flow.calc(before.grey, now.grey, None)
        returned = cv2.remap(back, x, y, cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, (1e3, 1e3))
        off = np.abs(returned + there).max(axis=-1)
        agrees = off < 0.5 + 0.05 * np.abs(there).max(axis=-1)
        ratio, still = _rigid(there, agrees, now)
        return Warp("flow", x, y, ratio, agrees & still)


def _rigid(flow: Map, agrees: NDArray[np.bool_], now: Glance) -> tuple[Map, NDArray[np.bool_]]:
    """By the motion of the camera that fits best, (h, w) each.

    Returns:
        ln of how much farther away points were, had they not moved; and where the flow is that of
        points that did not.
    """
    velocity = rigid_motion(flow, agrees, now.log_depth, now.lens)
    if velocity is None:
        return np.zeros_like(now.log_depth), np.ones(flow.shape[:2], np.bool_)
    t_x, t_y, t_z, w_x, w_y, w_z = velocity.astype(np.float32)
    rays, k = now.lens.rays(), now.lens.intrinsics
    x, y, inverse = rays[..., 0], rays[..., 1], np.exp(-now.log_depth)
    change = t_z * inverse + w_x * y - w_y * x
    off_x = np.float32(k.fx) * (t_x * inverse + w_y - w_z * y - x * change) - flow[..., 0]
    off_y = np.float32(k.fy) * (t_y * inverse - w_x + w_z * x - y * change) - flow[..., 1]
    off = np.maximum(np.abs(off_x), np.abs(off_y))
    still = off < max(1.0, 4.0 * float(np.nanmedian(off[::3, ::3])))
    ratio: Map = np.log(np.clip(1.0 + change, 0.2, 5.0)).astype(np.float32)
    return ratio, still


def rigid_motion(
    flow: Map, agrees: NDArray[np.bool_], log_depth: Map, lens: Lens
) -> NDArray[np.float64] | None:
    """The camera's small motion between two frames, by flow and depth.

    A point P of this frame was at P + ω × P + t. Its flow is linear in t and ω; they are found by
    least squares, reweighted from a fixed start: what moves by itself has less and less to say.

    Args:
        flow: (h, w, 2) pixels, from this frame to the one before.
        agrees: (h, w) where to believe it.
        log_depth: (h, w) ln metres.
        lens: at this size.

    Returns:
        (6,) t in metres and ω in radians; None where too little is known.
    """
    few = (slice(None, None, _PLACES), slice(None, None, _PLACES))
    rays, inverse = lens.rays()[few], np.exp(-log_depth[few])
    known = agrees[few] & np.isfinite(inverse) & np.isfinite(rays).all(axis=-1)
    if np.count_nonzero(known) < 60:
        return None
    x, y = rays[known].astype(np.float64).T
    i, zero, one = inverse[known].astype(np.float64), np.zeros(len(x)), np.ones(len(x))
    k = lens.intrinsics
    u = np.stack([i, zero, -x * i, -x * y, one + x * x, -y]) * k.fx
    v = np.stack([zero, i, -y * i, -one - y * y, x * y, x]) * k.fy
    rows = np.concatenate([u, v], axis=1).T  # (2 N, 6)
    observed = flow[few][known].astype(np.float64).T.ravel()
    weights = np.ones(len(observed))
    velocity = np.zeros(6)
    for _ in range(_ROUNDS):
        weighted = rows * weights[:, None]
        normal = weighted.T @ rows + 1e-6 * np.eye(6) * k.fx**2
        velocity = np.linalg.solve(normal, weighted.T @ observed)
        off = observed - rows @ velocity
        spread = max(1.48 * float(np.median(np.abs(off))), 0.05)
        weights = 1.0 / (1.0 + (off / (2.0 * spread)) ** 2)
    return velocity
