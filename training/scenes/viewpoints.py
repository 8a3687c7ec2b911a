# SPDX-License-Identifier: Apache-2.0
"""Poses of an indoor robot's camera."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.camera.camera_info import Intrinsics
from training.scenes.floor_plan import FloorPlan, Footprint
from training.scenes.things import Thing

Array = NDArray[Any]

CLEARANCE_M = 0.25  # nothing may be nearer to the camera
_WALL_M = 0.3
_MEDIAN_M = 0.8  # half of what is seen is at least so far away
_GRID = 28, 21  # rays that try a view
_TRIES = 12


@dataclass(frozen=True)
class Viewpoint:
    """A camera's place in the world.

    Attributes:
        world_from_camera: (4, 4) pose of the optical frame, metres.
        hfov_deg: the angle between the left and the right edge of its picture.
    """

    world_from_camera: NDArray[np.float64]
    hfov_deg: float

    def camera(self, width: int, height: int, aspect: float = 4 / 3) -> Intrinsics:
        """Its picture at this size in pixels; see `pinhole`."""
        return pinhole(width, height, self.hfov_deg, aspect)


def pinhole(width: int, height: int, hfov_deg: float, aspect: float = 4 / 3) -> Intrinsics:
    """A camera whose view is `aspect` times as wide as high, squeezed into width x height pixels.

    Where width / height is another number than `aspect`, pixels are not square.
    """
    slope = math.tan(math.radians(hfov_deg) / 2)
    fx, fy = 0.5 * width / slope, 0.5 * height / (slope / aspect)
    return Intrinsics(fx, fy, (width - 1) / 2, (height - 1) / 2, width, height)


def optical_pose(
    position: Array, yaw_deg: float, pitch_deg: float = 0.0, roll_deg: float = 0.0
) -> NDArray[np.float64]:
    """The (4, 4) pose of an optical frame; yaw is about z from x, pitch is upwards."""
    yaw, pitch, roll = np.radians((yaw_deg, pitch_deg, roll_deg))
    forward = np.array([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    down = np.cross(forward, right)
    pose = np.eye(4)
    pose[:3, 0] = np.cos(roll) * right + np.sin(roll) * down
    pose[:3, 1] = np.cos(roll) * down - np.sin(roll) * right
    pose[:3, 2], pose[:3, 3] = forward, position
    return pose


class Sight:
    """A coarse copy of the things, to learn quickly what a camera would see."""

    def __init__(self, things: list[Thing]) -> None:
        import open3d

        points, corners, labels, count = [], [], [], 0
        for thing in things:
            for patch in thing.shape:
                rows, columns = (_some(n) for n in patch.points.shape[:2])
                points.append(patch.points[rows[:, None], columns].reshape(-1, 3))
                quads = _quads(len(rows), len(columns))
                corners.append(quads + count)
                labels.append(np.full(len(quads), thing.label, np.uint8))
                count += len(points[-1])
        self._labels = np.append(np.concatenate(labels), np.uint8(255))
        self._tensor = open3d.core.Tensor
        self._scene = open3d.t.geometry.RaycastingScene()
        self._scene.add_triangles(
            self._tensor(np.float32(np.concatenate(points))),
            self._tensor(np.uint32(np.concatenate(corners))),
        )

    def look(self, pose: Array, hfov_deg: float, aspect: float = 4 / 3) -> tuple[Array, Array]:
        """Depth (H, W), metres along z, and class (H, W) of a small picture."""
        camera = pinhole(*_GRID, hfov_deg, aspect)
        v, u = np.mgrid[0 : camera.height, 0 : camera.width]
        ways = np.stack(
            [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], axis=-1
        )
        rays = np.empty((*u.shape, 6), np.float32)
        rays[..., :3], rays[..., 3:] = pose[:3, 3], ways @ pose[:3, :3].T
        found = self._scene.cast_rays(self._tensor(rays))
        triangle = found["primitive_ids"].numpy()
        nothing = triangle == np.uint32(0xFFFFFFFF)
        return found["t_hit"].numpy(), self._labels[
            np.where(nothing, len(self._labels) - 1, triangle)
        ]

    def distance(self, position: Array) -> float:
        """Metres from a point to the nearest surface."""
        query = self._tensor(np.asarray(position, np.float32).reshape(1, 3))
        return float(self._scene.compute_distance(query).numpy()[0])


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
            shares = np.bincount(labels.ravel(), minlength=256) / labels.size
            seen = np.count_nonzero(shares > 0.008) - 8 * max(shares.max() - 0.4, 0)
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


@lru_cache(maxsize=512)
def _some(count: int) -> Array:
    """At most 6 of `count` rows, with the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(count, 6)).astype(int))


@lru_cache(maxsize=512)
def _quads(rows: int, columns: int) -> Array:
    """The triangles (T, 3) of a grid."""
    at = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]
    return np.concatenate(
        [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    )
