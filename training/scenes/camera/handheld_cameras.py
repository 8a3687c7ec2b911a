# SPDX-License-Identifier: Apache-2.0
"""Poses of a camera that somebody holds: at the height of a chest, near to things, looking down."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from training.scenes.camera.pose import Viewpoint, optical_pose
from training.scenes.camera.sight import Sight
from training.scenes.camera.variety import count_things
from training.scenes.rooms.floor_plan import FloorPlan

Rng = np.random.Generator

HEIGHT_M = (0.9, 1.8)
PITCH_DEG = (-65.0, 15.0)
ROLL_DEG = 15.0
_CLEAR_M = 0.2  # nothing may be nearer to the camera
_WALL_M = 0.2
_TRIES = 40


class _Look(NamedTuple):
    """Place of a camera and the point that it looks at; metres and degrees."""

    place: np.ndarray
    yaw_deg: float
    pitch_deg: float
    median_m: tuple[float, float]  # half of what is seen is nearer than something between these


def handheld_viewpoints(rng: Rng, plan: FloorPlan, sight: Sight, count: int) -> list[Viewpoint]:
    """Cameras before desks, shelves, walls and corners, or over the floor; most show many things.

    Args:
        rng: draws the places.
        plan: of the room.
        sight: of what is in it.
        count: how many.
    """
    return [_chosen(rng, plan, sight) for _ in range(count)]


def _chosen(rng: Rng, plan: FloorPlan, sight: Sight) -> Viewpoint:
    draw = _DRAWS[rng.choice(len(_DRAWS), p=_SHARES)]
    best, most, free = None, -np.inf, 0
    for _ in range(_TRIES):
        look = draw(rng, plan)
        view = _held(rng, look)
        best = best or view
        if not _inside(plan, look.place) or sight.distance(look.place) < _CLEAR_M:
            continue
        depth, labels = sight.look(view.world_from_camera, view.hfov_deg)
        low, high = look.median_m
        if not low < np.median(depth) < high or np.mean(depth < 0.3) > 0.04:
            continue
        seen = count_things(labels, 0.01, 0.6, 4)
        if seen > most:
            best, most = view, seen
        free += 1
        # Few tries, so that what a person would not choose to look at is seen as well.
        if free >= 4 or seen >= rng.integers(2, 7):
            break
    assert best is not None
    return best


def _held(rng: Rng, look: _Look) -> Viewpoint:
    roll = rng.uniform(-ROLL_DEG, ROLL_DEG) if rng.random() < 0.25 else rng.normal(0, 2.5)
    hfov = rng.uniform(55, 75) if rng.random() < 0.85 else rng.uniform(48, 95)
    pose = optical_pose(look.place, look.yaw_deg, float(np.clip(look.pitch_deg, *PITCH_DEG)),
                        float(np.clip(roll, -ROLL_DEG, ROLL_DEG)))  # fmt: skip
    return Viewpoint(pose, float(hfov))


def _at_a_thing(rng: Rng, plan: FloorPlan) -> _Look:
    """Somebody who stands before a piece of furniture, or leans over it, and looks at its top."""
    tall = [one for one in plan.footprints if one.top > 0.35]
    if not tall:
        return _anywhere(rng, plan)
    one = tall[rng.integers(len(tall))]
    low = 0.5
    if plan.looked_at and rng.random() < 0.55:
        one, low = plan.looked_at[rng.integers(len(plan.looked_at))], 0.9
    aim = np.array([rng.uniform(one.x0, one.x1), rng.uniform(one.y0, one.y1),
                    rng.uniform(low, 1.05) * min(one.top, 1.9)])  # fmt: skip
    around = rng.uniform(-np.pi, np.pi)
    away = rng.uniform(0.35, 1.7)
    beside = np.array([np.cos(around), np.sin(around)])
    place = np.append(aim[:2] + away * beside, rng.uniform(*HEIGHT_M))
    return _towards(rng, place, aim, (0.4, 2.3))


def _at_a_wall(rng: Rng, plan: FloorPlan) -> _Look:
    """Straight at a wall and what stands or hangs there."""
    wall = plan.walls[rng.integers(len(plan.walls))]
    x, y = wall.at(rng.uniform(0.1, 0.9) * wall.length, rng.uniform(0.6, 1.6))
    place = np.array([x, y, rng.uniform(0.9, 1.7)])
    yaw = wall.yaw_deg + 180 + rng.normal(0, 18)
    return _Look(place, yaw, rng.normal(-7, 8), (0.45, 1.7))


def _at_a_corner(rng: Rng, plan: FloorPlan) -> _Look:
    corner = np.array([rng.choice([0, plan.length]), rng.choice([0, plan.width])])
    inwards = np.sign(np.array([plan.length, plan.width]) / 2 - corner)
    place = np.append(corner + inwards * rng.uniform(0.5, 1.9, 2), rng.uniform(*HEIGHT_M))
    return _towards(rng, place, np.append(corner, rng.uniform(0, 1.4)), (0.5, 2.6))


def _downwards(rng: Rng, plan: FloorPlan) -> _Look:
    """At the floor before one's feet and the legs of what stands there."""
    return _somewhere(rng, plan, rng.uniform(PITCH_DEG[0], -35), (0.5, 2.4))


def _anywhere(rng: Rng, plan: FloorPlan) -> _Look:
    return _somewhere(rng, plan, rng.normal(-18, 12), (0.6, 4.5))


def _somewhere(rng: Rng, plan: FloorPlan, pitch: float, median_m: tuple[float, float]) -> _Look:
    x, y = rng.uniform((_WALL_M, _WALL_M), (max(plan.length - _WALL_M, 0.3),
                                            max(plan.width - _WALL_M, 0.3)))  # fmt: skip
    place = np.array([x, y, rng.uniform(*HEIGHT_M)])
    return _Look(place, rng.uniform(-180, 180), pitch, median_m)


def _towards(rng: Rng, place: np.ndarray, aim: np.ndarray, median_m: tuple[float, float]) -> _Look:
    """At a point, which is not quite in the middle of the picture."""
    way = aim - place
    yaw = np.degrees(np.arctan2(way[1], way[0])) + rng.normal(0, 9)
    pitch = np.degrees(np.arctan2(way[2], np.hypot(*way[:2]))) + rng.normal(2, 7)
    return _Look(place, float(yaw), float(pitch), median_m)


def _inside(plan: FloorPlan, place: np.ndarray) -> bool:
    high = (plan.length - _WALL_M, plan.width - _WALL_M, plan.height - _WALL_M)
    return bool((place > (_WALL_M, _WALL_M, 0.3)).all() and (place < high).all())


_DRAWS = (_at_a_thing, _at_a_wall, _at_a_corner, _downwards, _anywhere)
_SHARES = (0.52, 0.18, 0.08, 0.1, 0.12)
