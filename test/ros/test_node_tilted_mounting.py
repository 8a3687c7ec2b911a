# SPDX-License-Identifier: Apache-2.0
"""tf that has the camera's mounting wrong by degrees does not bend what the depth tells."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tips_ros.msg import GroundPlane

from .test_node_geometry import cloud_of
from .test_node_ground import drive, nearest, scene
from .test_node_imu import LINK, mounting
from .tf_bench import KINDS, Robot, put_in_place

__all__ = ["drive"]
REALLY_DEG, AHEAD_M = -10.0, 1.5


# The stand-in says other messages on /tf than the node, which tells there what level is.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "stand-in"])
@pytest.mark.parametrize("wrong_deg", [-5.0, 5.0])
def test_tf_that_is_five_degrees_wrong_is_told_as_slope_and_leaves_floor_and_box_right(
    drive, monkeypatch, wrong_deg, kind
):
    put_in_place(kind, monkeypatch)
    graph, frame = drive(
        "ground", "points_ground", "points_obstacles", "scan", **{"ground.base_frame": LINK}
    )
    Robot(graph, kind).is_built(mounting(REALLY_DEG + wrong_deg))
    got = frame(scene(AHEAD_M))
    floor = got["ground"]
    assert floor.status == GroundPlane.SEEN
    assert math.degrees(floor.pitch) == pytest.approx(REALLY_DEG, abs=0.5)
    assert floor.height_m == pytest.approx(0.4, abs=0.01)
    assert math.degrees(floor.slope) == pytest.approx(abs(wrong_deg), abs=0.5)
    left_deg = math.degrees(math.atan2(0.22, AHEAD_M))
    assert nearest(got["scan"], left_deg) == pytest.approx(math.hypot(0.22, AHEAD_M), rel=0.05)
    obstacles = cloud_of(got["points_obstacles"]).ravel()
    xyz = np.stack([obstacles[axis] for axis in "xyz"], -1)
    assert scene(AHEAD_M).plane.heights(xyz).min() > 0.0, "no floor among the obstacles"
    assert cloud_of(got["points_ground"]).size > 200
