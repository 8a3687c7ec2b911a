# SPDX-License-Identifier: Apache-2.0
"""Input pictures of the benchmark: the user's, or a drawn room."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
_WIDTH, _HEIGHT = 1280, 960


def views(picture: Picture, size: tuple[int, int], cameras: int) -> list[Picture]:
    """One (H, W, 3) RGB picture for each camera: the same, turned aside more and more.

    Args:
        picture: RGB, of any size.
        size: (width, height).
        cameras: how many.
    """
    resized = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    step = size[0] // cameras
    return [np.ascontiguousarray(np.roll(resized, i * step, axis=1)) for i in range(cameras)]


def draw_room() -> Picture:
    """A corridor with boxes, and a sensor's noise; the same every time. (960, 1280, 3) RGB."""
    rng = np.random.default_rng(0)
    room = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)
    middle = (_WIDTH // 2, int(_HEIGHT * 0.45))
    corners = ((0, 0), (_WIDTH, 0), (_WIDTH, _HEIGHT), (0, _HEIGHT))
    colors = ((214, 210, 202), (178, 171, 160), (121, 98, 74), (186, 180, 168))
    for i, color in enumerate(colors):  # ceiling, right wall, floor, left wall
        triangle = np.array([corners[i], corners[(i + 1) % 4], middle], np.int32)
        cv2.fillConvexPoly(room, triangle, color)
    for y in sorted(rng.integers(int(_HEIGHT * 0.5), _HEIGHT, 24)):  # the far ones first
        x = rng.integers(0, _WIDTH)
        near = (y - middle[1]) / (_HEIGHT - middle[1])
        half, height = int(20 + 90 * near), int(40 + 260 * near)
        red, green, blue = (int(c) for c in rng.integers(30, 220, 3))
        corner, opposite = (int(x) - half, int(y) - height), (int(x) + half, int(y))
        cv2.rectangle(room, corner, opposite, (red, green, blue), -1)
    noise = rng.normal(0, 4, room.shape)
    return np.clip(room + noise, 0, 255).astype(np.uint8)
