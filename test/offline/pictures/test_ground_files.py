# SPDX-License-Identifier: Apache-2.0
"""The floor of a picture is written for programs and for people, also where there is none."""

from __future__ import annotations

import json
import math

import cv2
import numpy as np
import pytest

from tips_ros.offline.pictures.ground_files import GROUND_NAMES, save_ground
from tips_ros.perception.ground.ground import Ground

from ...perception.ground.floor_scene import CLASSES, Box, FloorScene

RGB = np.full((960, 1280, 3), 90, np.uint8)  # the depth is half as large


def written(tmp_path, scene: FloorScene):
    told = save_ground(tmp_path, Ground().look(scene.frame(0.01), CLASSES), RGB)
    assert tuple(path.name for path, _ in told) == GROUND_NAMES

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    text = (tmp_path / "ground.json").read_text()
    return json.loads(text, parse_constant=refuse), told, cv2.imread(str(told[1][0]))


def test_the_plane_and_the_scan_are_numbers_that_any_reader_of_json_takes(tmp_path):
    box = Box((1.5, 0.2, 0), (1.8, 0.6, 0.3))
    table, told, picture = written(tmp_path, FloorScene(0.4, -10, wall_m=50, boxes=[box]))
    assert table["status"] == "seen" and table["note"] == ""
    assert table["height_m"] == pytest.approx(0.4, abs=0.01)
    assert table["pitch"] == pytest.approx(math.radians(-10), abs=0.01)
    scan = table["scan"]
    bearing = math.atan2(0.4, 1.5)
    at = round((bearing - scan["angle_min"]) / scan["angle_increment"])
    assert scan["ranges_m"][at] == pytest.approx(math.hypot(0.4, 1.5), rel=0.05)
    right = round((-bearing - scan["angle_min"]) / scan["angle_increment"])
    assert scan["ranges_m"][right] is None and scan["free"][right] and not scan["free"][at]
    assert "0.40 m below the camera, which looks 10 deg down" in told[0][1]
    assert picture.shape == (480, 640 + 480, 3)


def test_no_floor_is_said(tmp_path):
    table, told, _ = written(tmp_path, FloorScene(0.8, 60))
    assert table["status"] == "absent" and table["note"] and table["plane"] is None
    assert not any(table["scan"]["free"]) and set(table["scan"]["ranges_m"]) == {None}
    assert told[0][1].startswith("no floor: ")
