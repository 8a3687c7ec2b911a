# SPDX-License-Identifier: Apache-2.0
"""Remembered things as markers: what is nearly gone is faint, and its name says so."""

from __future__ import annotations

import numpy as np
import pytest
from std_msgs.msg import Header

from tips_ros.messages.objects.markers import memory_markers_message
from tips_ros.messages.types import RCLPY_TYPES
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.memory.remembered import Remembered

NEWEST_NS = 9 * 10**9


def box(number: int, presence: float) -> Remembered:
    half = np.full(3, 0.2)
    return Remembered(
        number, np.zeros(3), np.eye(3) * 0.01, np.eye(3), -half, half, 0.1, {"box": 4.0},
        None, None, 0.5, 4, 10**9, 2 * 10**9, presence,
    )  # fmt: skip


@pytest.mark.parametrize(("presence", "faint"), [(4.0, False), (1.0, False), (0.6, True)])
def test_only_what_is_nearly_gone_is_faint(presence: float, faint: bool):
    things, classes = [box(7, presence)], ClassList(("box",))
    told = memory_markers_message(RCLPY_TYPES, Header(frame_id="map"), things, classes, NEWEST_NS)
    cube, name = told.markers[1:]
    assert (cube.ns, cube.id, name.ns) == ("boxes", 7, "names")
    assert (cube.color.a < 0.1) == faint
    assert name.text == "box 7, 7 s ago" + (", missed" if faint else "")
