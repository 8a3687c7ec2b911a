# SPDX-License-Identifier: Apache-2.0
"""Poses of an indoor robot's camera."""

from __future__ import annotations

import numpy as np

from training.scenes.camera.pose import Viewpoint, optical_pose
from training.scenes.camera.sight import Sight
from training.scenes.camera.variety import count_things
from training.scenes.furniture.footprint import Footprint
from training.scenes.rooms.floor_plan import FloorPlan

CLEARANCE_M = 0.25  # nothing may be nearer to the camera
_WALL_M = 0.3
_MEDIAN_M = 0.8  # half of what is seen is at least so far away
_TRIES = 12


def viewpoints(
    rng: np.random.Generator, plan: FloorPlan, sight: Sight, count: int
) -> list[Viewpoint]:
    """Cameras that stand free and look into the room, where many different things are."""
    chosen: list[Viewpoint] = []
    for _ in range(count):
        best, most = None, -1.0
        for attempt in range(10 * _TRIES):
            if best is not None and attempt >= _TRIES:
                break
            view = _draw(rng, plan, sight)
            depth, labels = sight.look(view.world_from_camera, view.hfov_deg)
            close = np.mean(depth < 0.6)  # as where a person or a door fills the picture
            if depth.min() < CLEARANCE_M or np.median(depth) < _MEDIAN_M or close > 0.3:
                continue
            seen = count_things(labels, 0.008, 0.4, 8)
            if seen > most:
                best, most = view, seen
            if seen >= rng.integers(4, 9):
                break
        chosen.append(best or view)
    return chosen


def _draw(rng: np.random.Generator, plan: FloorPlan, sight: Sight) -> Viewpoint:
    """A camera that stands free."""
    blocked = plan.footprints + plan.overhead
    for _ in range(60):
        x = rng.uniform(_WALL_M, plan.length - _WALL_M)
        y = rng.uniform(_WALL_M, plan.width - _WALL_M)
        height = rng.uniform(0.2, 1.5)
        here = Footprint(x, y, x, y, height)
        if any(here.overlaps(one, 0.1) for one in blocked):
            continue
        if sight.distance(np.array([x, y, height])) >= CLEARANCE_M * 0.8:
            break
    # Look over the middle of the room more often than at the wall behind.
    middle = np.degrees(np.arctan2(plan.width / 2 - y, plan.length / 2 - x))
    yaw = middle + rng.normal(0, 50) if rng.random() < 0.7 else rng.uniform(-180, 180)
    pitch = rng.uniform(-15, 6) if rng.random() < 0.7 else rng.uniform(-30, 15)
    hfov = rng.uniform(55, 75) if rng.random() < 0.5 else rng.uniform(45, 115)
    roll = float(np.clip(rng.normal(0, 0.9), -2, 2))
    return Viewpoint(optical_pose(np.array([x, y, height]), yaw, pitch, roll), hfov)
