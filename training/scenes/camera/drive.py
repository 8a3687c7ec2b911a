# SPDX-License-Identifier: Apache-2.0
"""A robot's drive through a room: from one free place to the next, around what stands there."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.scenes.camera.pose import optical_pose
from training.scenes.rooms.floor_plan import FloorPlan

Array = NDArray[Any]
Cell = tuple[int, int]

_CELL_M = 0.1
_RADIUS_M = (0.4, 0.3, 0.22)  # room around the robot; less where there is too little
_SPEED_MPS = 0.3
_TURN_S = 0.9  # how long the heading takes to follow the path
_MOST_DEG_PER_S = 50.0
_JITTER_DEG = 0.4


def drive(
    rng: np.random.Generator,
    plan: FloorPlan,
    seconds: float,
    rate_hz: float,
    height_m: float = 0.6,
    pitch_deg: float = -6.0,
) -> list[tuple[float, Array]]:
    """Times and poses (4, 4) of the optical frame, along a path that meets nothing.

    Args:
        rng: draws the places and the jitter of the camera.
        plan: the room.
        seconds: how long.
        rate_hz: how many poses in a second.
        height_m: of the camera, above the floor.
        pitch_deg: of the camera, upwards.

    Raises:
        ValueError: the room has no free floor for a robot.
    """
    path = _smooth(_route(rng, _free_cells(plan), 1.2 * seconds * _SPEED_MPS + 1))
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    places = _along(path, times * _SPEED_MPS)
    ahead = _along(path, times * _SPEED_MPS + 0.35) - places
    heading = _followed(np.arctan2(ahead[:, 1], ahead[:, 0]), _MOST_DEG_PER_S / rate_hz)
    yaw = np.degrees(_eased(heading, _TURN_S * rate_hz))
    pitch, roll = (_eased(rng.standard_normal(len(times)), 0.15 * rate_hz) for _ in range(2))
    poses = []
    for index, time in enumerate(times):
        shake = _JITTER_DEG * pitch[index], _JITTER_DEG * roll[index]
        place = np.array([*places[index], height_m])
        poses.append((float(time), optical_pose(place, yaw[index], pitch_deg + shake[0], shake[1])))
    return poses


def _free_cells(plan: FloorPlan) -> Array:
    """Cells (X, Y) of the floor that a robot's centre may be in: the largest connected part."""
    x = (np.arange(int(plan.length / _CELL_M)) + 0.5)[:, None] * _CELL_M
    y = (np.arange(int(plan.width / _CELL_M)) + 0.5)[None, :] * _CELL_M
    for radius in _RADIUS_M:
        free = (x > radius) & (x < plan.length - radius) & (y > radius) & (y < plan.width - radius)
        for one in plan.footprints:
            out_x = np.maximum(np.maximum(one.x0 - x, x - one.x1), 0)
            out_y = np.maximum(np.maximum(one.y0 - y, y - one.y1), 0)
            free &= np.hypot(out_x, out_y) > radius
        part = _largest_part(free)
        if np.count_nonzero(part) * _CELL_M**2 > 0.12 * plan.length * plan.width:
            return part
    raise ValueError("there is no floor free for a robot in this scene; take another one")


def _largest_part(free: Array) -> Array:
    import cv2

    count, parts = cv2.connectedComponents(free.astype(np.uint8), connectivity=4)
    sizes = [np.count_nonzero(parts == index) for index in range(1, count)]
    return parts == 1 + int(np.argmax(sizes)) if sizes else free


def _route(rng: np.random.Generator, free: Array, metres: float) -> Array:
    """Cells (N, 2) one beside the other, from one random place to others that are far away."""
    cells = np.argwhere(free)
    here = tuple(cells[rng.integers(len(cells))])
    route = [here]
    while len(route) * _CELL_M < metres:
        legs = [_shortest(free, here, tuple(cells[rng.integers(len(cells))])) for _ in range(5)]
        leg = max(legs, key=lambda leg: _goes_on(route, leg))
        route += leg[1:]
        here = leg[-1]
    return (np.array(route) + 0.5) * _CELL_M


def _goes_on(route: list[Cell], leg: list[Cell]) -> float:
    """Score of a leg as the route's next: high if it goes far, and not back."""
    before = np.subtract(route[-1], route[max(-6, -len(route))])
    after = np.subtract(leg[min(5, len(leg) - 1)], leg[0])
    return float(before @ after) + 0.3 * min(len(leg), 60)


def _shortest(free: Array, start: Cell, goal: Cell) -> list[Cell]:
    """The cells from start to goal, both included; diagonal steps do not cut corners."""
    queue: list[tuple[float, float, Cell, Cell | None]] = [(0.0, 0.0, start, None)]
    came: dict[Cell, Cell | None] = {}
    while queue:
        _, cost, here, before = heapq.heappop(queue)
        if here in came:
            continue
        came[here] = before
        if here == goal:
            break
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                there = here[0] + dx, here[1] + dy
                if there in came or not (free[there] and free[there[0], here[1]]):
                    continue
                if free[here[0], there[1]]:
                    price = cost + np.hypot(dx, dy)
                    left = np.hypot(goal[0] - there[0], goal[1] - there[1])
                    heapq.heappush(queue, (price + left, price, there, here))
    path, step = [], goal
    while step is not None:
        path.append(step)
        step = came[step]  # type: ignore[assignment]
    return path[::-1]


def _smooth(path: Array) -> Array:
    """The path with rounder corners; it stays within 15 cm of its cells."""
    weights = np.hanning(9)[1:-1] / np.hanning(9).sum()
    padded = np.pad(path, ((3, 3), (0, 0)), mode="edge")
    return np.column_stack([np.convolve(axis, weights, "valid") for axis in padded.T])


def _along(path: Array, metres: Array) -> Array:
    """The places (N, 2) that are so far along the path."""
    walked = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return np.column_stack([np.interp(metres, walked, axis) for axis in path.T])


def _followed(heading: Array, most_deg: float) -> Array:
    """Headings, radians, that come after the wanted ones by at most `most_deg` at a time."""
    result = np.array(heading)
    for index in range(1, len(result)):
        off = (heading[index] - result[index - 1] + np.pi) % (2 * np.pi) - np.pi
        result[index] = result[index - 1] + np.clip(
            off, -np.radians(most_deg), np.radians(most_deg)
        )
    return result


def _eased(values: Array, width: float) -> Array:
    """Values averaged over a bell about `width` of them wide."""
    reach = max(1, int(2 * width))
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(width / 2, 1e-3)) ** 2)
    padded = np.pad(values, reach, mode="edge")
    return np.convolve(padded, bell / bell.sum(), "valid")
