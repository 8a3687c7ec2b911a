# SPDX-License-Identifier: Apache-2.0
"""People see floor, obstacles, drops and scan in colours."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.ground.ground import Ground
from tips_ros.perception.overview.floor_picture import (
    DROP,
    FLOOR,
    HIGH,
    LOW,
    floor_picture,
    floor_sheet,
    scan_picture,
)

from ..ground.floor_scene import CLASSES, Box, FloorScene

BLACK = np.zeros((480, 640, 3), np.uint8)


def painted(scene: FloorScene) -> tuple[np.ndarray, object]:
    frame = scene.frame(0.01)
    return floor_picture(BLACK, Ground().look(frame, CLASSES)), frame


def share(picture: np.ndarray, where: np.ndarray, color: tuple[int, int, int]) -> float:
    """Of some pixels, those that have the colour's hue."""
    half = np.abs(picture[where].astype(int) - np.array(color) / 2).max(axis=-1)
    return float((half < 3).mean())


def test_each_kind_has_its_colour():
    low, high = Box((1.0, -0.4, 0), (1.2, -0.1, 0.06)), Box((1.0, 0.1, 0), (1.2, 0.4, 0.3), 42)
    picture, frame = painted(FloorScene(0.4, -15, boxes=[low, high]))
    assert share(picture, (frame.labels == 3) & (frame.depth_m < 2), FLOOR) > 0.9
    assert share(picture, frame.labels == low.label, LOW) > 0.6
    assert share(picture, frame.labels == high.label, HIGH) > 0.4


def test_the_edge_of_a_drop_is_drawn():
    picture, frame = painted(FloorScene(0.5, -20, edge_m=1.5))
    assert share(picture, np.ones((480, 640), np.bool_), DROP) > 0.01


def test_without_a_floor_the_picture_is_as_it_was():
    view = Ground().look(FloorScene(0.8, 60).frame(0.02), CLASSES)
    rgb = np.full((480, 640, 3), 77, np.uint8)
    sheet = floor_sheet(rgb, view)
    assert (sheet[:, :640] == 77).all() and sheet.shape == (480, 1120, 3)


@pytest.mark.parametrize("size", [(200, 200), (240, 320)])
def test_the_scan_has_its_left_at_the_left(size):
    box = Box((1.2, 0.2, 0), (1.4, 0.6, 0.3))
    view = Ground().look(FloorScene(0.4, -10, wall_m=50, boxes=[box]).frame(0.02), CLASSES)
    picture = scan_picture(view.scan, size)
    assert picture.shape == (*size, 3)
    red = np.argwhere((picture.astype(int) - (224, 49, 49) == 0).all(axis=-1))
    assert red.size and red[:, 1].mean() < size[1] / 2
