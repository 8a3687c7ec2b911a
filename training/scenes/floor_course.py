# SPDX-License-Identifier: Apache-2.0
"""A room with things of known height laid out on the floor before a robot's camera."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from training.scenes.camera.pose import Viewpoint, optical_pose
from training.scenes.camera.sight import Sight
from training.scenes.furniture.footprint import Footprint, measure_footprint
from training.scenes.furniture.small import floor_things
from training.scenes.lived_in import lived_in_scene
from training.scenes.rooms.floor_plan import FloorPlan
from training.scenes.scene import Scene
from training.scenes.shapes.flat import box
from training.scenes.shapes.patch import Shape, mapped, moved, scaled
from training.scenes.surfaces import materials
from training.scenes.surfaces.material import Material
from training.scenes.things import FLOOR, UNLABELLED, Thing, placed

Rng = np.random.Generator

HEIGHTS_M = (0.02, 0.05, 0.1, 0.2)
CAMERA_M = (0.12, 1.2)
PITCH_DEG = (-25.0, 10.0)
_STREAM = 19  # its draws are not those of the room
_RAMP_SHARE = 0.15
_NEAREST_M, _FARTHEST_M = 0.35, 3.0
_MOST_WIDE_M = 0.6

_KINDS = {
    0.02: ("cable", "threshold", "book"),
    0.05: ("threshold", "cup", "box", "shoe"),
    0.1: ("shoe", "cup", "box", "ball"),
    0.2: ("bag", "box", "bin"),
}


@dataclass(frozen=True)
class Laid:
    """One thing on the floor; metres, in the room's frame.

    Attributes:
        kind: what it is: "shoe", "ramp", ….
        height_m: from the floor to its top.
        outline: (4, 2) the corners of an upright rectangle around it.
    """

    kind: str
    height_m: float
    outline: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Course:
    """A room, the camera in it, and what was laid before the camera."""

    scene: Scene
    view: Viewpoint
    laid: tuple[Laid, ...]


def floor_course(seed: int, height_m: float | None = None) -> Course:
    """The course of this number; the same number always makes the same one.

    Args:
        seed: of the lived-in room as well.
        height_m: of the camera, instead of a drawn one.
    """
    rng = np.random.default_rng([seed, _STREAM])
    scene = lived_in_scene(seed)
    low, high = np.log(CAMERA_M)
    height = float(np.exp(rng.uniform(low, high)))
    view, place, yaw_deg = _camera(rng, scene, height if height_m is None else height_m)
    taken = [one for one in scene.plan.footprints if one.top > 0.03]
    things, laid = list(scene.things), []
    if rng.random() < _RAMP_SHARE:
        ramp, entry = _ramp(rng, place, yaw_deg)
        things.append(ramp)
        laid.append(entry)
        (x0, y0), (x1, y1) = np.min(entry.outline, axis=0), np.max(entry.outline, axis=0)
        taken.append(Footprint(x0, y0, x1, y1, entry.height_m))
    for wanted in rng.permutation(np.repeat(HEIGHTS_M, 2)).tolist():
        found = _laid(rng, scene.plan, taken, (place, yaw_deg, view.hfov_deg), wanted)
        if found is not None:
            things += found[0]
            laid.append(found[1])
    return Course(replace(scene, things=things), view, tuple(laid))


def _camera(rng: Rng, scene: Scene, height: float) -> tuple[Viewpoint, np.ndarray, float]:
    """A camera with free floor before it."""
    best: tuple[Viewpoint, np.ndarray, float] | None = None
    most = -1.0
    sight = Sight(scene.things)
    plan = scene.plan
    blocked = [one for one in plan.footprints if one.top > height - 0.1] + plan.overhead
    for _ in range(60):
        x, y = rng.uniform((0.3, 0.3), (plan.length - 0.3, plan.width - 0.3))
        here = Footprint(x, y, x, y, height)
        if any(here.overlaps(one, 0.2) for one in blocked):
            continue
        middle = np.degrees(np.arctan2(plan.width / 2 - y, plan.length / 2 - x))
        yaw = float(middle + rng.normal(0, 40))
        pitch = float(rng.uniform(*PITCH_DEG))
        hfov = float(rng.uniform(55, 80) if rng.random() < 0.7 else rng.uniform(45, 100))
        roll = float(np.clip(rng.normal(0, 1.0), -3, 3))
        pose = optical_pose(np.array([x, y, height]), yaw, pitch, roll)
        depth, labels = sight.look(pose, hfov)
        share = float(np.mean((labels == FLOOR) & (depth < 4.0)))
        if depth.min() < 0.12 or np.median(depth) < 0.6:
            continue
        if share > most:
            best, most = (Viewpoint(pose, hfov), np.array([x, y]), yaw), share
        if share > 0.25:
            break
    if best is None:
        middle_xy = np.array([plan.length / 2, plan.width / 2])
        pose = optical_pose(np.append(middle_xy, height), 0.0, -10.0)
        best = Viewpoint(pose, 65.0), middle_xy, 0.0
    return best


def _laid(
    rng: Rng,
    plan: FloorPlan,
    taken: list[Footprint],
    camera: tuple[np.ndarray, float, float],
    height: float,
) -> tuple[list[Thing], Laid] | None:
    """A thing of this height on free floor in view, if there is some."""
    place, yaw_deg, hfov_deg = camera
    kind = str(rng.choice(_KINDS[height]))
    things = _thing(rng, kind, height)
    size = measure_footprint(things)
    for _ in range(12):
        away = float(np.exp(rng.uniform(np.log(_NEAREST_M), np.log(_FARTHEST_M))))
        aside = math.radians(yaw_deg + rng.uniform(-0.45, 0.45) * hfov_deg)
        x, y = place + away * np.array([math.cos(aside), math.sin(aside)])
        yaw = float(rng.uniform(-180, 180))
        here = size.placed(float(x), float(y), yaw)
        inside = here.x0 > 0.1 and here.y0 > 0.1
        inside = inside and here.x1 < plan.length - 0.1 and here.y1 < plan.width - 0.1
        before_camera = Footprint(*(place - 0.2), *(place + 0.2), 1.0)
        if not inside or here.overlaps(before_camera):
            continue
        if any(here.overlaps(one, 0.08) for one in taken):
            continue
        taken.append(here)
        corners = np.array([[size.x0, size.y0], [size.x1, size.y0],
                            [size.x1, size.y1], [size.x0, size.y1]])  # fmt: skip
        c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
        outline = corners @ np.array([[c, s], [-s, c]]) + (x, y)
        entry = Laid(kind, height, tuple(map(tuple, outline.tolist())))
        return placed(things, float(x), float(y), 0.0, yaw), entry
    return None


def _thing(rng: Rng, kind: str, height: float) -> list[Thing]:
    """About the origin, exactly so high, and at most `_MOST_WIDE_M` wide."""
    if kind == "threshold":
        long, wide = rng.uniform(0.3, _MOST_WIDE_M), rng.uniform(0.03, 0.12)
        low, high = (-wide / 2, -long / 2, 0), (wide / 2, long / 2, height)
        return [Thing(box(low, high, 0.3), _material(rng), UNLABELLED)]
    if kind in ("box", "book"):
        wide, deep = rng.uniform(0.08, 0.3, 2)
        low, high = (-wide / 2, -deep / 2, 0), (wide / 2, deep / 2, height)
        return [Thing(box(low, high, 0.3), _material(rng), UNLABELLED)]
    builds = {"cable": floor_things.cable, "cup": floor_things.cup, "shoe": floor_things.shoes,
              "ball": floor_things.small_ball, "bag": floor_things.bag,
              "bin": floor_things.bin_or_bucket}  # fmt: skip
    things = builds[kind](rng)
    size = measure_footprint(things)
    wide = max(size.x1 - size.x0, size.y1 - size.y0)
    up = height / size.top
    across = min(_MOST_WIDE_M / wide, np.clip(up, 0.5, 1.5))
    return [replace(t, shape=scaled(t.shape, across, across, up)) for t in things]


def _ramp(rng: Rng, place: np.ndarray, yaw_deg: float) -> tuple[Thing, Laid]:
    """A wedge that begins before the camera and rises away from it; part of the floor."""
    long, wide = rng.uniform(1.0, 2.0), rng.uniform(0.8, 1.6)
    high = long * math.tan(math.radians(rng.uniform(2.5, 7.0)))
    start = rng.uniform(0.8, 1.6)
    shape = _wedge(long, wide, high)
    at = place + start * np.array([math.cos(math.radians(yaw_deg)),
                                   math.sin(math.radians(yaw_deg))])  # fmt: skip
    thing = Thing(moved(shape, float(at[0]), float(at[1]), 0.0, yaw_deg), _material(rng), FLOOR)
    c, s = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
    corners = np.array([[0, -wide / 2], [long, -wide / 2], [long, wide / 2], [0, wide / 2]])
    outline = corners @ np.array([[c, s], [-s, c]]) + at
    return thing, Laid("ramp", high, tuple(map(tuple, outline.tolist())))


def _wedge(long: float, wide: float, high: float) -> Shape:
    """A box sheared upwards along x, and sunk so that its top begins at the floor."""
    shape = box((0, -wide / 2, -high), (long, wide / 2, 0.001), 0.3)
    shear = np.eye(3)
    shear[2, 0] = high / long
    sheared = mapped(shape, shear)
    tilt = np.array([-high / long, 0.0, 1.0])
    tilt /= np.linalg.norm(tilt)
    return [
        replace(p, normals=np.broadcast_to(tilt, p.normals.shape).copy())
        if float(p.normals[0, 0, 2]) > 0.9
        else p
        for p in sheared
    ]


def _material(rng: Rng) -> Material:
    kinds = (materials.wood, materials.plastic, materials.metal, materials.cardboard,
             materials.fabric)  # fmt: skip
    made: Material = kinds[int(rng.integers(len(kinds)))](rng)
    return made
