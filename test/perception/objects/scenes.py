# SPDX-License-Identifier: Apache-2.0
"""Boxes on a floor as a camera passes them, with features that tell one thing from another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.posed_frame import PosedFrame

from ..ground.floor_scene import BOX, FLOOR, LAMP, WALL, Box, FloorScene

CLASSES = ClassList(("wall", "floor", "box", "lamp"), (WALL, FLOOR, BOX, LAMP))
SIZE = (240, 320)


def seen(
    boxes: list[Box],
    at: tuple[float, float] = (0.0, 0.0),
    yaw_deg: float = 0.0,
    stamp_s: float = 0.0,
    noise: float = 0.0,
    posed: bool = True,
    world_id: str = "odom",
    wall_m: float = 6.0,
) -> PosedFrame:
    """A frame of a camera 0.6 m over the floor; boxes are told in the world.

    Args:
        boxes: what stands there.
        at: where the camera is, x and y.
        yaw_deg: multiples of 90, because boxes stay along the axes.
        stamp_s: when.
        noise: of depth, as a fraction.
        posed: whether the pose is known.
        world_id: of the pose.
        wall_m: ahead of the camera.
    """
    turn = {0: np.eye(2), 90: np.array([[0.0, -1], [1, 0]]), 180: -np.eye(2)}[round(yaw_deg)]
    here = [_moved(box, np.array(at), turn) for box in boxes]
    scene = FloorScene(0.6, -12, size=SIZE, boxes=here, wall_m=wall_m)
    frame = scene.frame(noise=noise, stamp_s=stamp_s, seed=round(stamp_s * 100))
    pose = np.eye(4)
    pose[:2, :2] = turn
    pose[:3, :3] = pose[:3, :3] @ scene.level_from_optical
    pose[:3, 3] = (*at, 0.6)
    frame = replace(frame, value_features=_features(frame.labels))
    return replace(frame, world_from_camera=pose, world_id=world_id) if posed else frame


def _moved(box: Box, at: NDArray[np.float64], turn: NDArray[np.float64]) -> Box:
    ends = (np.array([box.low[:2], box.high[:2]]) - at) @ turn
    low, high = ends.min(axis=0), ends.max(axis=0)
    return Box((*low, box.low[2]), (*high, box.high[2]), box.label)


def _features(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A direction for each class, and a little of its own for each patch."""
    patches = labels[5::10, 5::10]
    each = np.random.default_rng(7).standard_normal((256, 16))
    own = np.random.default_rng(8).standard_normal((*patches.shape, 16))
    return (each[patches] + 0.3 * own).astype(np.float32)
