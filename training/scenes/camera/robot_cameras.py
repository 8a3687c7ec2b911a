# SPDX-License-Identifier: Apache-2.0
"""Camera positions of robots: 0.12 to 1.6 m high, half of them lower than a table."""

from __future__ import annotations

import numpy as np

from training.scenes.camera.pose import Viewpoint, optical_pose
from training.scenes.camera.sight import Sight
from training.scenes.camera.variety import count_things
from training.scenes.furniture.footprint import Footprint
from training.scenes.rooms.floor_plan import FloorPlan

Rng = np.random.Generator

LOW_M = (0.12, 0.5)
HIGH_M = (0.5, 1.6)
PITCH_DEG = (-30.0, 20.0)
_CLEAR_M = 0.12  # nothing may be nearer to the camera
_WALL_M = 0.2
_TRIES = 8


def robot_viewpoints(
    rng: Rng, plan: FloorPlan, sight: Sight, count: int, low_share: float = 0.5
) -> list[Viewpoint]:
    """Cameras that stand free; most look where different things are, some at whatever there is.

    Args:
        rng: draws the places.
        plan: of the room.
        sight: of what is in it.
        count: how many.
        low_share: of the cameras, lower than half a metre.
    """
    chosen: list[Viewpoint] = []
    for _ in range(count):
        low, choosy = rng.random() < low_share, rng.random() < 0.8
        best, most = None, -np.inf
        for attempt in range(6 * _TRIES):
            if best is not None and (attempt >= _TRIES or not choosy):
                break
            view = _draw(rng, plan, sight, low)
            depth, labels = sight.look(view.world_from_camera, view.hfov_deg)
            median, close = np.median(depth), np.mean(depth < 0.35)
            if depth.min() < _CLEAR_M or median < (0.6 if choosy else 0.4) or close > 0.25:
                continue
            seen = count_things(labels, 0.008, 0.5, 8)
            if seen > most:
                best, most = view, seen
            if seen >= rng.integers(3, 9):
                break
        chosen.append(best or view)
    return chosen


def _draw(rng: Rng, plan: FloorPlan, sight: Sight, low: bool) -> Viewpoint:
    """A camera that stands free."""
    height = float(rng.uniform(*(LOW_M if low else HIGH_M)))
    blocked = [one for one in plan.footprints if one.top > height - 0.1] + plan.overhead
    for _ in range(60):
        x = rng.uniform(_WALL_M, max(plan.length - _WALL_M, _WALL_M))
        y = rng.uniform(_WALL_M, max(plan.width - _WALL_M, _WALL_M))
        here = Footprint(x, y, x, y, height)
        if any(here.overlaps(one, 0.08) for one in blocked):
            continue
        if sight.distance(np.array([x, y, height])) >= min(_CLEAR_M, 0.8 * height):
            break
    middle = np.degrees(np.arctan2(plan.width / 2 - y, plan.length / 2 - x))
    yaw = middle + rng.normal(0, 50) if rng.random() < 0.7 else rng.uniform(-180, 180)
    level = rng.normal(-2, 7) if low else rng.normal(-10, 9)
    pitch = float(np.clip(level, *PITCH_DEG) if rng.random() < 0.65 else rng.uniform(*PITCH_DEG))
    hfov = rng.uniform(50, 80) if rng.random() < 0.6 else rng.uniform(40, 118)
    roll = float(np.clip(rng.normal(0, 1.5), -5, 5))
    return Viewpoint(optical_pose(np.array([x, y, height]), yaw, pitch, roll), float(hfov))
