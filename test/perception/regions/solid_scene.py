# SPDX-License-Identifier: Apache-2.0
"""Spheres and boxes at known places, seen by a camera: depth by solving for each pixel's ray."""

from __future__ import annotations

import numpy as np

from tips_ros.perception.camera.camera_info import Intrinsics

CAMERA = Intrinsics(260.0, 255.0, 163.5, 118.0, 320, 240)


def rays(camera: Intrinsics = CAMERA) -> np.ndarray:
    """(H, W, 3), z = 1: a point at depth d is d times its ray."""
    v, u = np.mgrid[: camera.height, : camera.width]
    x, y = (u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy
    return np.stack([x, y, np.ones_like(x)], axis=-1)


def sphere(centre: tuple[float, float, float], radius: float) -> np.ndarray:
    """(H, W) depth of its front, infinite beside it."""
    r, c = rays(), np.array(centre)
    a, b = (r * r).sum(-1), r @ c
    root = b * b - a * (c @ c - radius * radius)
    return np.where(root > 0, (b - np.sqrt(np.maximum(root, 0))) / a, np.inf)


def box(
    centre: tuple[float, float, float],
    size: tuple[float, float, float],
    rotation: np.ndarray | None = None,
) -> np.ndarray:
    """(H, W) depth of its front, infinite beside it; columns of the rotation are its axes."""
    axes = np.eye(3) if rotation is None else rotation
    direction, start = rays() @ axes, -np.array(centre) @ axes
    half = np.array(size) / 2
    with np.errstate(divide="ignore"):
        ends = np.stack([(-half - start) / direction, (half - start) / direction])
    enter, leave = ends.min(0).max(-1), ends.max(0).min(-1)
    return np.where((enter < leave) & (enter > 0), enter, np.inf)


def about_y(angle_deg: float) -> np.ndarray:
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def seen(*solids: np.ndarray, wall_m: float = np.inf) -> tuple[np.ndarray, list[np.ndarray]]:
    """(H, W) float32 depth of all together, and each one's mask of the pixels where it is seen."""
    depth = np.minimum.reduce([*solids, np.full_like(solids[0], wall_m)])
    masks = [(solid == depth) & np.isfinite(solid) for solid in solids]
    return np.where(np.isfinite(depth), depth, np.nan).astype(np.float32), masks
