# SPDX-License-Identifier: Apache-2.0
"""The view from above: where points land, and which of them are seen."""

from __future__ import annotations

import numpy as np
import pytest

from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE
from tips_ros.perception.overview.page import Box, Page
from tips_ros.perception.overview.top_view import draw_top_view

RED, GREEN = 0xFF0000, 0x00FF00


def points(x: float, y: float, z: float, rgb: int, normal_y: float = np.nan) -> np.ndarray:
    """A small square patch of points around a place."""
    cloud = np.zeros(49, CLOUD_DTYPE)
    offset = np.linspace(-0.1, 0.1, 7)
    cloud["x"], cloud["z"] = (g.ravel() for g in np.meshgrid(x + offset, z + offset))
    cloud["y"], cloud["normal_y"] = y, normal_y
    cloud["rgb"] = np.full(49, rgb, np.uint32).view(np.float32)
    return cloud


def top_view(
    cloud: np.ndarray, width: int = 400, height: int = 400, range_m: float | None = None
) -> np.ndarray:
    """The view alone, as a picture."""
    page = Page(width, height)
    draw_top_view(page.axes(Box(0, 0, width, height)), cloud, range_m)
    return page.picture()


def where(picture: np.ndarray, rgb: int) -> np.ndarray:
    """(row, column) of the pixels of that colour."""
    return np.argwhere((picture == [rgb >> 16, rgb >> 8 & 255, rgb & 255]).all(axis=2))


def test_right_is_right_and_forward_is_up():
    cloud = np.concatenate([points(1.0, 0, 2.0, RED), points(-1.0, 0, 4.0, GREEN)])
    picture = top_view(cloud, 200, 300, range_m=5.0)
    assert picture.shape == (300, 200, 3)
    red, green = where(picture, RED).mean(axis=0), where(picture, GREEN).mean(axis=0)
    assert red[1] > 100 > green[1]
    assert red[0] > green[0]
    scale = (red[0] - green[0]) / 2.0  # they are 2 m apart both ways
    assert red[1] - green[1] == pytest.approx(2.0 * scale, abs=1.5)


def test_the_higher_of_two_points_is_seen():
    below, above = points(0, 1.0, 2.0, RED), points(0, -0.5, 2.0, GREEN)
    for cloud in (np.concatenate([below, above]), np.concatenate([above, below])):
        picture = top_view(cloud, 200, 200, range_m=4.0)
        assert len(where(picture, GREEN)) and not len(where(picture, RED))


def test_a_ceiling_does_not_hide_the_room():
    floor = points(0, 1.0, 2.0, RED, normal_y=-1.0)
    ceiling = points(0, -1.5, 2.0, GREEN, normal_y=1.0)
    picture = top_view(np.concatenate([floor, ceiling]), 200, 200, range_m=4.0)
    assert len(where(picture, RED)) and not len(where(picture, GREEN))


def test_everything_fits_also_in_a_wide_view():
    cloud = np.concatenate([points(-6.0, 0, 3.0, RED), points(6.0, 0, 3.0, GREEN)])
    picture = top_view(cloud, 320, 240)
    assert len(where(picture, RED)) and len(where(picture, GREEN))


def test_points_outside_the_picture_are_left_out():
    picture = top_view(points(0, 0, 90.0, RED), 100, 100, range_m=5.0)
    assert not len(where(picture, RED))


def test_an_empty_cloud_still_gives_the_grid():
    cloud = np.zeros((3, 4), CLOUD_DTYPE)
    cloud["z"] = np.nan
    picture = top_view(cloud, 120, 90)
    assert picture.shape == (90, 120, 3) and len(np.unique(picture.reshape(-1, 3), axis=0)) > 2
